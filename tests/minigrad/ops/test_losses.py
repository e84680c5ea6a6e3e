"""Losses on logits: exact and finite to second order for any logit, and equal to PyTorch's."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, ops

LOGITS = [-1e30, -1e10, -200.0, -90.0, -20.0, -1.5, 0.0, 0.5, 3.0, 20.0, 90.0, 200.0, 1e10, 1e30]


def softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def sigmoid(x: float) -> float:
    small = math.exp(-abs(x))
    return 1 / (1 + small) if x >= 0 else small / (1 + small)


def orders(f: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """f(x), its gradient by x, and the gradient of the sum of that."""
    y = f(x)
    (g,) = mg.grad(y, [x], create_graph=True)
    (gg,) = mg.grad(ops.sum(g), [x], unused="zeros")
    return y, g, gg


# -- values that Python's own floats give ----------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("target", [0.0, 1.0, 0.9, 0.25])
@pytest.mark.parametrize("logit", LOGITS)
def test_binary_cross_entropy_of_one_logit(logit: float, target: float, dtype: str) -> None:
    x = mg.tensor([logit], dtype)
    x64 = float(x.numpy()[0])
    y, g, gg = orders(lambda t: ops.binary_cross_entropy_with_logits(t, target), x)
    assert y.dtype == g.dtype == gg.dtype == np.dtype(dtype)
    rel, absolute = (1e-6, 1e-7) if dtype == "float32" else (1e-13, 1e-15)
    expected = target * softplus(-x64) + (1 - target) * softplus(x64)
    assert y.item() == pytest.approx(expected, rel=rel, abs=absolute)
    assert g.item() == pytest.approx(sigmoid(x64) - target, rel=rel, abs=absolute)
    assert gg.item() == pytest.approx(sigmoid(x64) * sigmoid(-x64), rel=rel, abs=absolute)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("logit", LOGITS)
def test_softplus_keeps_relative_precision_in_its_tail(logit: float, sign: float) -> None:
    x = mg.tensor([sign * logit])
    y, g, _ = orders(lambda t: ops.sum(ops.softplus(t)), x)
    x64 = float(x.numpy()[0])
    assert y.item() == pytest.approx(softplus(x64), rel=1e-5, abs=1e-44)
    assert g.item() == pytest.approx(sigmoid(x64), rel=1e-5, abs=1e-44)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("row", "label", "loss", "gradient"),
    [
        ([1e30, -1e30, 0.0], 0, 0.0, [0.0, 0.0, 0.0]),
        ([1e30, -1e30, 0.0], 1, 2e30, [1.0, -1.0, 0.0]),
        ([-1e30, -1e30, -1e30], 2, math.log(3), [1 / 3, 1 / 3, -2 / 3]),
        ([1e30, 1e30, 1e30], 0, math.log(3), [-2 / 3, 1 / 3, 1 / 3]),
        ([100.0, 0.0, 0.0], 1, 100.0, [1.0, -1.0, 0.0]),
        ([0.0, math.log(2), math.log(5)], 1, math.log(4), [1 / 8, -3 / 4, 5 / 8]),
    ],
)
def test_cross_entropy_of_one_row(
    row: list[float], label: int, loss: float, gradient: Any, dtype: str
) -> None:
    x = mg.tensor([row], dtype)
    y, g, gg = orders(lambda t: ops.cross_entropy(t, [label]), x)
    assert y.item() == pytest.approx(loss, rel=1e-6, abs=1e-7)
    np.testing.assert_allclose(g.numpy()[0], gradient, rtol=1e-6, atol=1e-7)
    assert np.isfinite(gg.numpy()).all()


def test_all_logits_at_once_stay_finite() -> None:
    x = mg.tensor([LOGITS])
    losses: list[Callable[[Tensor], Tensor]] = [
        lambda t: ops.binary_cross_entropy_with_logits(t, 0.5),
        lambda t: ops.cross_entropy(t, [3]),
        lambda t: ops.l1_loss(t, 0.0),
        lambda t: ops.mean(ops.softplus(-t)),
        lambda t: ops.sum(ops.logsumexp(t, axis=1)),
    ]
    for loss in losses:
        for value in orders(loss, x):
            assert value.dtype == np.float32
            assert np.isfinite(value.numpy()).all()


# -- forms of the target ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        1,
        1.0,
        True,
        np.float32(1.0),
        np.ones(3, np.int64),
        np.ones(3, bool),
        mg.tensor(np.ones(3, np.float32)),
    ],
)
def test_targets_may_be_numbers_arrays_or_tensors(target: Any) -> None:
    x = mg.tensor([-1.0, 0.0, 2.0])
    y = ops.binary_cross_entropy_with_logits(x, target)
    assert y.dtype == np.float32
    assert y.item() == pytest.approx(np.mean([softplus(-v) for v in (-1.0, 0.0, 2.0)]), rel=1e-6)


def test_a_number_as_target_is_exact_in_float64() -> None:
    x = mg.tensor(np.array([0.3]))
    expected = 0.9 * softplus(-0.3) + (1 - 0.9) * softplus(0.3)
    assert ops.binary_cross_entropy_with_logits(x, 0.9).item() == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("loss", [ops.binary_cross_entropy_with_logits, ops.mse_loss, ops.l1_loss])
def test_targets_that_would_enlarge_the_logits_are_refused(loss: Callable[..., Tensor]) -> None:
    x = mg.tensor(np.zeros((4, 1)))
    for target in (np.zeros(4), mg.tensor(np.zeros((4, 4))), np.zeros((2, 4, 1)), [0.0, 0.0]):
        with pytest.raises(
            ValueError, match=r"target \(.*\) does not fit \(4, 1\); reshape it to that shape"
        ):
            loss(x, target)
    for shape in ((), (1,), (4, 1), (1, 1)):
        assert loss(x, np.zeros(shape)).shape == ()


def test_labels_may_be_lists_arrays_or_tensors() -> None:
    x = mg.tensor(np.arange(6.0).reshape(2, 3))
    values = {
        ops.cross_entropy(x, labels).item() for labels in ([0, 2], np.array([0, 2], "u1"), mg.tensor([0, 2]))
    }
    assert len(values) == 1


@pytest.mark.parametrize("shape", [(), (3,)])
def test_logits_of_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"cross_entropy: logits must be \(n, k\), got \("):
        ops.cross_entropy(mg.tensor(np.zeros(shape)), [0])


def test_label_buffers_may_be_refilled_before_the_gradient() -> None:
    x, labels = mg.tensor(np.zeros((2, 3))), np.array([0, 0])
    loss = ops.cross_entropy(x, labels)
    labels[:] = 2
    assert mg.grad(loss, [x])[0].numpy()[:, 0].tolist() == pytest.approx([-1 / 3, -1 / 3])


def test_norm_per_sample_has_a_finite_derivative_at_zero() -> None:
    x = mg.tensor(np.array([[[0.0, 0.0]], [[3.0, 4.0]]], np.float32))
    y = ops.norm_per_sample(x)
    assert y.shape == (2,)
    np.testing.assert_allclose(y.numpy(), [1e-6, 5.0], rtol=1e-6)
    (g,) = mg.grad(ops.sum(y), [x], create_graph=True)
    np.testing.assert_allclose(g.numpy(), [[[0.0, 0.0]], [[0.6, 0.8]]], rtol=1e-6)
    assert np.isfinite(mg.grad(ops.sum(g), [x])[0].numpy()).all()


# -- PyTorch ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["bce", "bce with array", "cross entropy", "mse", "l1", "logsumexp"])
def test_losses_equal_pytorch_to_second_order(name: str, dtype: str) -> None:
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    rng = np.random.default_rng(0)
    logits = (rng.standard_normal((6, 5)) * 10 ** rng.uniform(-2, 2, (6, 5))).astype(dtype)
    target = rng.uniform(0, 1, (6, 5)).astype(dtype)
    labels = rng.integers(0, 5, 6)
    pairs: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
        "bce": (
            lambda t: ops.binary_cross_entropy_with_logits(t, 0.9),
            lambda t: functional.binary_cross_entropy_with_logits(t, torch.full_like(t, 0.9)),
        ),
        "bce with array": (
            lambda t: ops.binary_cross_entropy_with_logits(t, target),
            lambda t: functional.binary_cross_entropy_with_logits(t, torch.from_numpy(target)),
        ),
        "cross entropy": (
            lambda t: ops.cross_entropy(t, labels),
            lambda t: functional.cross_entropy(t, torch.from_numpy(labels)),
        ),
        "mse": (
            lambda t: ops.mse_loss(t, target),
            lambda t: functional.mse_loss(t, torch.from_numpy(target)),
        ),
        "l1": (lambda t: ops.l1_loss(t, target), lambda t: functional.l1_loss(t, torch.from_numpy(target))),
        "logsumexp": (
            lambda t: ops.sum(ops.logsumexp(t, axis=1)),
            lambda t: torch.logsumexp(t, 1).sum(),
        ),
    }
    mine, theirs = pairs[name]
    x = torch.from_numpy(logits.copy()).requires_grad_()
    value = theirs(x)
    (g,) = torch.autograd.grad(value, x, create_graph=True)
    second = torch.zeros_like(x)
    if g.requires_grad:
        (second,) = torch.autograd.grad((g * torch.cos(torch.arange(30.0)).reshape(6, 5).to(g)).sum(), x)
    t = mg.tensor(logits)
    y = mine(t)
    (mine_g,) = mg.grad(y, [t], create_graph=True)
    weights = np.cos(np.arange(30.0, dtype=np.float32)).reshape(6, 5).astype(dtype)
    (mine_gg,) = mg.grad(mine_g, [t], grad_output=weights, unused="zeros")
    rtol = 1e-5 if dtype == "float32" else 1e-7
    for ours, other in [(y, value), (mine_g, g), (mine_gg, second)]:
        np.testing.assert_allclose(ours.numpy(), other.numpy(force=True), rtol=rtol, atol=rtol / 100)
