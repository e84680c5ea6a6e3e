"""grad: its values, what it prunes, what it refuses; and random graphs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import Tensor, dispatch, ops
from tests.minigrad.tensors import normal, numbers


class Spy:
    """A kernel module that counts the calls of each kernel."""

    def __init__(self, kernels: ModuleType) -> None:
        self.kernels = kernels
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        self.calls[name] += 1
        return getattr(self.kernels, name)


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spy]:
    watched = Spy(dispatch._load("reference"))
    monkeypatch.setitem(dispatch._loaded, "reference", watched)
    with dispatch.use_kernels("reference"):
        yield watched


# -- values ----------------------------------------------------------------------------------------


def test_diamond() -> None:
    x = numbers(2.0, 3.0)
    a = x * x
    y = ops.sum(a * a + a)
    (g,) = mg.grad(y, [x])
    np.testing.assert_allclose(g.numpy(), 4 * x.numpy() ** 3 + 2 * x.numpy())


def test_one_tensor_in_every_place_of_an_op() -> None:
    x = numbers(2.0, 3.0)
    y = ops.sum(ops.concatenate([x, x, x]) * ops.concatenate([x * x, x, x]))
    (g,) = mg.grad(y, [x])
    np.testing.assert_allclose(g.numpy(), 3 * x.numpy() ** 2 + 4 * x.numpy())


def test_ladder_of_diamonds_is_linear_in_its_length() -> None:
    x = mg.tensor(1.0, np.float64)
    y = x
    for _ in range(500):
        y = y * 0.5 + y * 0.5
    (g,) = mg.grad(y, [x])
    assert g.item() == 1.0


def test_intermediate_tensors() -> None:
    x = numbers(2.0, 3.0)
    a = x * x
    y = ops.sum(a * a)
    ga, gx = mg.grad(y, [a, x])
    np.testing.assert_allclose(ga.numpy(), 2 * a.numpy())
    np.testing.assert_allclose(gx.numpy(), 4 * x.numpy() ** 3)


def test_output_among_wrt() -> None:
    x = numbers(2.0)
    y = x * x
    gy, gx = mg.grad(y, [y, x])
    assert (gy.item(), gx.item()) == (1.0, 4.0)
    (g,) = mg.grad(x, [x], grad_output=[5.0])
    assert g.item() == 5.0


def test_wrt_may_be_one_tensor_or_name_one_twice() -> None:
    x = numbers(2.0)
    y = x * x
    assert [g.item() for g in mg.grad(y, x)] == [4.0]
    first, second = mg.grad(y, [x, x])
    assert first.item() == second.item() == 4.0
    assert mg.grad(y, []) == []


def test_grad_output() -> None:
    x = numbers(2.0, 3.0)
    y = x * x
    for incoming in ([1.0, 10.0], np.array([1, 10]), mg.tensor([1.0, 10.0])):
        (g,) = mg.grad(y, [x], grad_output=incoming)
        assert g.numpy().tolist() == [4.0, 60.0]
        assert g.dtype == np.float64


def test_the_gradient_is_differentiable_in_grad_output() -> None:
    x, v = numbers(2.0, 3.0), numbers(1.0, 1.0)
    (g,) = mg.grad(x * x, [x], grad_output=v, create_graph=True)
    (gv,) = mg.grad(ops.sum(g * g), [v])
    np.testing.assert_allclose(gv.numpy(), 8 * x.numpy() ** 2)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_outputs_of_one_element(shape: tuple[int, ...]) -> None:
    x = normal(3)
    (g,) = mg.grad(ops.reshape(ops.sum(x), shape), [x])
    assert g.numpy().tolist() == [1.0] * 3


def test_third_order() -> None:
    x = numbers(0.3, 0.7)
    y = ops.sum(ops.sin(x) * ops.exp(x))
    derivatives: list[Callable[[Any], Any]] = [
        lambda v: np.exp(v) * (np.sin(v) + np.cos(v)),
        lambda v: 2 * np.exp(v) * np.cos(v),
        lambda v: 2 * np.exp(v) * (np.cos(v) - np.sin(v)),
    ]
    for derivative in derivatives:
        (g,) = mg.grad(y, [x], create_graph=True)
        np.testing.assert_allclose(g.numpy(), derivative(x.numpy()))
        y = ops.sum(g)


def test_each_gradient_has_its_tensors_shape_and_dtype() -> None:
    a, b, c = mg.tensor([[1.0], [2.0]]), normal(3), mg.tensor(2.0)
    y = ops.sum(a * b * c)
    assert y.dtype == np.float64
    for t, g in zip((a, b, c), mg.grad(y, [a, b, c]), strict=True):
        assert (g.shape, g.dtype) == (t.shape, t.dtype)


# -- each gradient is an array of its own ----------------------------------------------------------


@pytest.mark.parametrize("create_graph", [False, True])
def test_writing_into_one_gradient_changes_no_other(create_graph: bool) -> None:
    a, b, v = numbers(1.0, 2.0), numbers(3.0, 4.0), numbers(5.0, 6.0)
    y = a + b + a.T
    gradients = mg.grad(y, [a, b, b, y], grad_output=v, create_graph=create_graph)
    for g in gradients:
        g.data *= 0.5
    assert [g.numpy().tolist() for g in gradients] == [[5.0, 6.0], [2.5, 3.0], [2.5, 3.0], [2.5, 3.0]]
    assert v.numpy().tolist() == [5.0, 6.0]


def test_gradients_can_be_written() -> None:
    x = normal(3, 4)
    for y in (ops.sum(x), ops.mean(x, axis=0).sum(), ops.sum(x.T[1:])):
        (g,) = mg.grad(y, [x])
        before = g.numpy().copy()
        g.data *= 2
        np.testing.assert_array_equal(g.numpy(), 2 * before)


# -- pruning ---------------------------------------------------------------------------------------


def networks() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Noise, the generator's weight and the discriminator's two."""
    return normal(2, 3, 2, 2), normal(3, 1, 2, 2, seed=1), normal(4, 1, 2, 2, seed=2), normal(16, 1, seed=3)


def generator(z: Tensor, w: Tensor) -> Tensor:
    return ops.tanh(ops.conv_transpose2d(z, w, stride=2))


def discriminator(x: Tensor, w: Tensor, v: Tensor) -> Tensor:
    hidden = ops.leaky_relu(ops.standardize(ops.conv2d(x, w, stride=2), eps=1e-5), slope=0.2)
    return ops.flatten(hidden) @ v


def test_the_generators_gradient_runs_no_kernel_of_the_discriminators_weights(spy: Spy) -> None:
    z, wg, wd, v = networks()
    before = wd.numpy().copy()
    loss = ops.mean(ops.softplus(-discriminator(generator(z, wg), wd, v)))
    layers = ("conv_transpose2d", "tanh", "conv2d", "standardize", "leaky_relu", "matmul")
    assert spy.calls == dict.fromkeys(layers, 1)
    spy.calls.clear()
    mg.grad(loss, [wg])
    # D's inputs cost one matmul and one conv_transpose2d; conv2d_weight runs for G alone
    assert spy.calls == {
        "matmul": 1,
        "leaky_gate": 1,
        "standardize_grad": 1,
        "conv_transpose2d": 1,
        "conv2d_weight": 1,
    }
    np.testing.assert_array_equal(wd.numpy(), before)


def test_the_discriminators_gradient_stops_at_its_weights(spy: Spy) -> None:
    z, wg, wd, v = networks()
    with mg.no_grad():
        fake = generator(z, wg)
    loss = ops.mean(ops.softplus(discriminator(fake, wd, v)))
    spy.calls.clear()
    mg.grad(loss, [wd, v])
    assert spy.calls == {"matmul": 2, "leaky_gate": 1, "standardize_grad": 1, "conv2d_weight": 1}


def test_a_gradient_with_respect_to_an_activation_goes_no_further(spy: Spy) -> None:
    x, wd = normal(2, 1, 4, 4), normal(4, 1, 2, 2, seed=2)
    hidden = ops.conv2d(x, wd, stride=2)
    y = ops.sum(ops.leaky_relu(hidden, slope=0.2))
    spy.calls.clear()
    mg.grad(y, [hidden])
    assert spy.calls == {"leaky_gate": 1}


# -- what does not depend, what cannot be differentiated -------------------------------------------


def test_unused_tensors() -> None:
    x, other = numbers(2.0), mg.tensor([[1.0, 2.0]])
    y = x * x
    gx, g = mg.grad(y, [x, other], unused="zeros")
    assert gx.item() == 4.0
    assert g.dtype == np.float32
    assert g.numpy().tolist() == [[0.0, 0.0]]
    with pytest.raises(ValueError, match=r"of mul\) does not depend on wrt\[1\], float32 \(1, 2\)"):
        mg.grad(y, [x, other])
    with pytest.raises(ValueError, match='unused is "error" or "zeros"'):
        mg.grad(y, [x], unused="none")  # type: ignore[arg-type]


def test_what_was_not_recorded_does_not_depend() -> None:
    x = numbers(2.0)
    with mg.no_grad():
        a = x * x
    for y in (a * 1.0, x.detach() * 3.0, (x * x).astype(np.int64) * 1.5, (x > 1) * 2.5):
        with pytest.raises(ValueError, match="does not depend"):
            mg.grad(y, [x])


def test_integers_have_no_gradient() -> None:
    x, i = numbers(2.0), mg.tensor([3])
    with pytest.raises(TypeError, match=r"wrt\[1\] is int64 \(1,\); gradients need floats"):
        mg.grad(x * i, [x, i])
    with pytest.raises(TypeError, match="output is int64"):
        mg.grad(i * 2, [x])
    (g,) = mg.grad(x * i, [x])
    assert g.item() == 3.0


def test_arguments_that_are_no_tensors() -> None:
    x = numbers(2.0)
    with pytest.raises(TypeError, match="output must be a Tensor, got float"):
        mg.grad(2.0, [x])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"wrt\[0\] must be a Tensor, got ndarray"):
        mg.grad(x * x, [np.ones(1)])  # type: ignore[list-item]


def test_outputs_of_many_elements_need_a_gradient() -> None:
    x = normal(2, 3)
    with pytest.raises(
        ValueError, match=r"output has shape \(2, 3\); reduce it to one element or give grad_output"
    ):
        mg.grad(x * x, [x])
    with pytest.raises(ValueError, match=r"grad_output has shape \(3,\), output has shape \(2, 3\)"):
        mg.grad(x * x, [x], grad_output=np.ones(3))


# -- random graphs ---------------------------------------------------------------------------------

UNARY: list[Callable[[Tensor], Tensor]] = [
    ops.tanh,
    ops.sin,
    ops.sigmoid,
    ops.softplus,
    lambda t: ops.exp(t * 0.3),
    lambda t: t.T,
    lambda t: t[::-1],
    lambda t: t[[0, 0, 1]][:2],
    lambda t: ops.softmax(t, axis=1),
    lambda t: t - ops.mean(t, axis=0),
    lambda t: t.reshape(-1).reshape(2, 2),
    lambda t: ops.sqrt(t * t + 1.0),
]
BINARY: list[Callable[[Tensor, Tensor], Tensor]] = [
    ops.add,
    ops.sub,
    ops.mul,
    ops.matmul,
    lambda a, b: a / (b * b + 1.0),
    lambda a, b: a * ops.sum(b, axis=0, keepdims=True),
    lambda a, b: ops.concatenate([a, b], 1) @ ops.concatenate([b, a], 0),
    lambda a, b: ops.where(np.array([[True, False], [False, True]]), a, b),
]
STEPS = st.lists(
    st.tuples(st.integers(0, len(UNARY) + len(BINARY) - 1), st.integers(0, 30), st.integers(0, 30)),
    max_size=12,
)


@given(steps=STEPS, seed=st.integers(0, 1000))
def test_random_graphs_against_finite_differences(steps: list[tuple[int, int, int]], seed: int) -> None:
    """Each step applies an op to tensors made so far; 2 x 2 throughout, so that any two fit."""

    def f(a: Tensor, b: Tensor) -> Tensor:
        made = [a, b]
        for which, i, j in steps:
            left, right = made[i % len(made)], made[j % len(made)]
            made.append(UNARY[which](left) if which < len(UNARY) else BINARY[which - len(UNARY)](left, right))
        return ops.tanh(sum((t * 0.1 for t in made[1:]), made[0] * 0.1))

    rng = np.random.default_rng(seed)
    inputs = [rng.standard_normal((2, 2)) for _ in range(2)]
    mg.gradcheck(f, inputs, directions=1, rtol=1e-4, atol=1e-6)
