"""Layers of the progressive GAN: formulas, groups of any batch, no NaN, gradient penalties."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn, ops, optim
from minigrad.gradcheck import GradcheckError
from tests.minigrad.captures.steps import numbers, same_with_and_without

Maker = Callable[[], nn.Module]


def draw(*shape: int, seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).normal(size=shape)


# -- PixelNorm ---------------------------------------------------------------------------------------------


@given(
    shape=st.lists(st.integers(1, 4), min_size=2, max_size=4).map(tuple),
    eps=st.sampled_from([1e-8, 1e-2]),
    scale=st.sampled_from([1e-3, 1.0, 1e3]),
)
def test_pixel_norm_is_its_formula(shape: tuple[int, ...], eps: float, scale: float) -> None:
    x = scale * draw(*shape)
    y = nn.PixelNorm(eps)(mg.tensor(x)).numpy()
    np.testing.assert_allclose(y, x / np.sqrt((x * x).mean(axis=1, keepdims=True) + eps), rtol=1e-12)


def test_pixel_norm_of_zeros_is_zero_with_a_gradient() -> None:
    x = mg.zeros(2, 3)
    y = nn.PixelNorm()(x)
    assert not y.numpy().any()
    np.testing.assert_allclose(mg.grad(ops.sum(y), [x])[0].numpy(), 1e4, rtol=1e-5)


# -- MinibatchStdDev ---------------------------------------------------------------------------------------


def deviations(x: np.ndarray[Any, Any], group_size: int, eps: float = 1e-8) -> np.ndarray[Any, Any]:
    """The channel that the layer adds, sample by sample."""
    groups = math.ceil(len(x) / group_size)
    own = [np.sqrt(x[i % groups :: groups].var(axis=0) + eps).mean() for i in range(len(x))]
    return np.array(own).reshape(-1, *[1] * (x.ndim - 1)) * np.ones_like(x[:, :1])


@given(
    n=st.integers(1, 9),
    group_size=st.integers(1, 6),
    rest=st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple),
)
def test_its_channel_is_the_deviation_in_the_group(n: int, group_size: int, rest: tuple[int, ...]) -> None:
    x = draw(n, *rest)
    y = nn.MinibatchStdDev(group_size)(mg.tensor(x)).numpy()
    np.testing.assert_array_equal(y[:, :-1], x)
    np.testing.assert_allclose(y[:, -1:], deviations(x, group_size), rtol=1e-10)


@pytest.mark.parametrize("n", range(1, 14))
def test_groups_have_sizes_that_differ_by_at_most_one(n: int) -> None:
    """A group is where a change of one sample shows."""
    layer, x = nn.MinibatchStdDev(4), draw(n, 2)
    before = layer(mg.tensor(x)).numpy()[:, -1]
    sizes = []
    for i in range(n):
        moved = x.copy()
        moved[i] += 1.0
        sizes.append(int((layer(mg.tensor(moved)).numpy()[:, -1] != before).sum()))
    assert max(sizes) <= 4
    assert n == 1 or max(sizes) - min(sizes) <= 1
    assert n % 4 or set(sizes) == {4}


@pytest.mark.parametrize("x", [draw(1, 2, 3, 3), np.ones((6, 2, 3, 3)), np.zeros((5, 2))])
def test_a_batch_without_variance_gives_the_least_deviation_and_no_gradient(x: Any) -> None:
    inputs = mg.tensor(x, mg.float32)
    y = nn.MinibatchStdDev()(inputs)
    np.testing.assert_allclose(y.numpy()[:, -1], 1e-4, rtol=1e-5)
    (g,) = mg.grad(ops.sum(y[:, -1]), [inputs], create_graph=True)
    assert not g.numpy().any()
    (gg,) = mg.grad(ops.sum(ops.square(g)), [inputs], unused="zeros")
    assert not gg.numpy().any()


# -- the equalised learning rate ---------------------------------------------------------------------------

FANS: dict[str, tuple[Maker, float]] = {
    "linear": (lambda: nn.Linear(50, 40), 50),
    "conv": (lambda: nn.Conv2d(8, 30, (3, 2)), 48),
    "conv-groups": (lambda: nn.Conv2d(8, 30, 3, groups=2), 36),
    "transposed": (lambda: nn.ConvTranspose2d(8, 30, 3), 72),
    "transposed-groups": (lambda: nn.ConvTranspose2d(8, 30, 3, groups=2), 36),
    "conv1d": (lambda: nn.Conv1d(8, 90, 3, bias=False), 24),
}


@pytest.mark.parametrize("name", FANS)
@pytest.mark.parametrize("gain", [math.sqrt(2), 1.0])
def test_weights_are_standard_normal_and_scaled_in_each_call(name: str, gain: float) -> None:
    make, fan_in = FANS[name]
    mg.manual_seed(0)
    layer = nn.utils.equalized_lr(make(), gain=gain)
    state = layer.state_dict()
    assert set(state) <= {"bias", "weight_orig"}
    assert not state.get("bias", np.zeros(1)).any()
    drawn = state["weight_orig"]
    assert abs(drawn.mean()) < 4 / math.sqrt(drawn.size)
    assert abs(drawn.var() - 1) < 4 * math.sqrt(2 / drawn.size)
    plain = make()
    scaled = drawn * np.float32(gain / math.sqrt(fan_in))
    plain.load_state_dict({**state, "weight": scaled} | {"weight_orig": 0}, strict=False)
    x = numbers(0, 2, *{"linear": (50,), "conv1d": (8, 5)}.get(name, (8, 5, 5)))
    expected = plain(x).numpy()
    np.testing.assert_allclose(layer(x).numpy(), expected, rtol=1e-5, atol=1e-5)
    removed = nn.utils.remove_equalized_lr(layer)
    assert sorted(removed.state_dict()) == sorted(plain.state_dict())
    np.testing.assert_allclose(removed(x).numpy(), expected, rtol=1e-5, atol=1e-5)


def test_a_sum_of_as_many_products_as_fan_in_keeps_the_variance() -> None:
    mg.manual_seed(0)
    layer = nn.utils.equalized_lr(nn.Conv2d(64, 64, 3), gain=1.0)
    assert ops.var(layer(numbers(0, 4, 64, 8, 8))).item() == pytest.approx(1, rel=0.1)


def test_adam_changes_every_layer_by_its_share() -> None:
    """A step of Adam is about lr for each weight: after scaling it is lr gain / sqrt(fan_in)."""
    mg.manual_seed(0)
    for inputs in (4, 400):
        layer = nn.utils.equalized_lr(nn.Linear(inputs, 3), gain=1.0)
        before, x = layer.state_dict()["weight_orig"], numbers(0, 8, inputs)
        optimizer = optim.Adam(layer.parameters(), lr=0.01)
        optimizer.step(mg.grad(ops.mean(ops.square(layer(x))), optimizer.params))
        moved = np.abs(layer.state_dict()["weight_orig"] - before)
        np.testing.assert_allclose(moved, 0.01, rtol=1e-2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.PixelNorm()(mg.ones(3)), r"PixelNorm\(eps=1e-08\): expected an input \(n, c, ...\), got"),
        (lambda: nn.PixelNorm(0.0), "eps must be positive, got 0.0"),
        (lambda: nn.MinibatchStdDev(0), "group_size must be at least 1, got 0"),
        (lambda: nn.MinibatchStdDev(eps=0.0), "eps must be positive, got 0.0"),
        (lambda: nn.MinibatchStdDev()(mg.ones(3)), r"MinibatchStdDev\(group_size=4, eps=1e-08\): expected"),
        (lambda: nn.MinibatchStdDev()(mg.ones(3, 0)), r"expected an input \(n, c, ...\), got \(3, 0\)"),
        (lambda: nn.utils.equalized_lr(nn.ReLU()), r"equalized_lr: ReLU\(\) has no parameter 'weight'"),
        (lambda: nn.utils.equalized_lr(nn.BatchNorm1d(3)), "weight needs at least two axes"),
        (
            lambda: nn.utils.equalized_lr(nn.utils.equalized_lr(nn.Linear(2, 2))),
            "has a normalised weight already",
        ),
        (lambda: nn.utils.remove_equalized_lr(nn.Linear(2, 2)), "has no such normalisation to remove"),
    ],
)  # fmt: skip
def test_errors(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


# -- together ----------------------------------------------------------------------------------------------


def critic() -> nn.Sequential:
    equal = nn.utils.equalized_lr
    return nn.Sequential(
        equal(nn.Conv2d(1, 3, 3, padding=1)), nn.Softplus(), nn.PixelNorm(), nn.MinibatchStdDev(4),
        equal(nn.Conv2d(4, 2, 2)), nn.Softplus(), nn.Flatten(), equal(nn.Linear(8, 1), gain=1.0),
    )  # fmt: skip


def penalty(net: nn.Module, weights: dict[str, mg.Tensor], x: mg.Tensor) -> mg.Tensor:
    scores = nn.functional_call(net, weights, x)
    (g,) = mg.grad(ops.sum(scores), [x], create_graph=True)
    return ops.mean(ops.square(ops.norm_per_sample(g) - 1.0))


@pytest.mark.parametrize("n", [4, 5])
def test_a_gradient_penalty_through_all_of_them(n: int) -> None:
    mg.manual_seed(0)
    net = critic().double()
    names = [name for name, _ in net.named_parameters()]

    def f(*weights: mg.Tensor) -> mg.Tensor:
        return penalty(net, dict(zip(names, weights, strict=True)), mg.tensor(draw(n, 1, 3, 3)))

    assert mg.gradcheck(f, [p.data for p in net.parameters()], order=1)


def test_gradcheck_finds_a_square_root_of_twice_the_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    sqrt = ops.sqrt
    monkeypatch.setattr(ops, "sqrt", lambda x: sqrt(x.detach()) * (x / x.detach()))
    with pytest.raises(GradcheckError, match="order 1"):
        mg.gradcheck(nn.MinibatchStdDev(2), [draw(4, 2)])


def test_a_captured_step_is_the_step_itself_bit_for_bit() -> None:
    def make() -> tuple[Any, Any]:
        net = critic()
        optimizer = optim.Adam(net.parameters(), lr=0.01)

        def step(x: mg.Tensor) -> mg.Tensor:
            loss = penalty(net, {}, x) + ops.mean(net(x))
            optimizer.step(mg.grad(loss, optimizer.params))
            return loss

        return step, net.state_dict

    captured = same_with_and_without(make, [(numbers(i, 6, 1, 3, 3),) for i in range(5)])
    assert captured.replays == 3
