"""Gates select, they do not multiply: where one is closed, infinities and NaN are dropped too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import minigrad as mg
from minigrad import Tensor, ops

Array = NDArray[Any]
Function = Callable[..., Tensor]

X = np.array([[-2.0, -1.0, 0.5, 3.0], [1.5, -0.5, -3.0, 2.0]], np.float32)
IMAGE = np.stack([X, -X], axis=1)[..., None]  # (2, 2, 4, 1)
ZEROS, ONES = np.zeros(2, np.float32), np.ones(2, np.float32)
TAPS = np.array([[1.0, 0.0], [0.0, -1.0]], np.float32).reshape(2, 2, 1, 1)


@dataclass(frozen=True)
class Gate:
    """``function`` of the inputs, whose gradient by the first of them is 0 where ``closed``."""

    name: str
    function: Function
    closed: Array
    inputs: list[Array] = field(default_factory=lambda: [X])
    mixes: bool = False  # elements before the gate, so that an infinity there spreads

    def __str__(self) -> str:
        return self.name


def dropped(x: Tensor) -> Tensor:
    mg.random.manual_seed(0)
    y = mg.nn.Dropout(0.5)(x)
    assert 0 < (y.numpy() == 0).sum() < y.size
    return y


BELOW, ABOVE = X < 0, X > 1

GATES = [
    Gate("maximum", lambda x: ops.maximum(x, 0.0), BELOW),
    Gate("maximum from the right", lambda x: ops.maximum(0.0, x), BELOW),
    Gate("minimum", lambda x: ops.minimum(x, 0.0), X > 0),
    Gate("minimum from the right", lambda x: ops.minimum(0.0, x), X > 0),
    Gate("clip", lambda x: ops.clip(x, 0.0, 1.0), BELOW | ABOVE),
    Gate("clip from below", lambda x: ops.clip(x, 0.0), BELOW),
    Gate("clip from above", lambda x: ops.clip(x, max=1.0), ABOVE),
    Gate("abs", lambda x: ops.abs(ops.minimum(x, 0.0)), X > 0),
    Gate("where", lambda x: ops.where(x > 0, x, 0.0), BELOW),
    Gate("where, else", lambda x: ops.where(x > 0, 0.0, x), X > 0),
    Gate("relu", ops.relu, BELOW),
    Gate("leaky_relu", lambda x: ops.leaky_relu(x, slope=0.0), BELOW),
    Gate("leaky_gate", lambda g, x: ops.leaky_gate(g, x, slope=0.0), BELOW, [np.ones_like(X), X]),
    Gate("bias_leaky_relu", lambda x, b: ops.bias_leaky_relu(x, b, slope=0.0), IMAGE < 0, [IMAGE, ZEROS]),
    Gate("bias_leaky_relu of rows", lambda x, b: ops.bias_leaky_relu(x, b, slope=0.0), BELOW,
         [X, np.zeros(4, np.float32)]),
    Gate("linear", lambda x, w, b: ops.linear(x, w, b, slope=0.0), BELOW,
         [X, np.eye(4, dtype=np.float32), np.zeros(4, np.float32)], mixes=True),
    Gate("conv2d_bias_leaky_relu", lambda x, w, b: ops.conv2d_bias_leaky_relu(x, w, b, slope=0.0),
         IMAGE * np.array([1, -1], np.float32).reshape(2, 1, 1) < 0, [IMAGE, TAPS, ZEROS], mixes=True),
    Gate("batch_norm", lambda x, w, b: ops.batch_norm(x, w, b, eps=1e-5, slope=0.0),
         IMAGE.mean((0, 2, 3), keepdims=True) > IMAGE, [IMAGE, ONES, ZEROS], mixes=True),
    Gate("dropout", dropped, np.zeros(0, bool)),
    Gate("hardtanh", ops.hardtanh, np.abs(X) >= 1),
    Gate("elu", lambda x: ops.elu(ops.maximum(x, 0.0)), BELOW),
    Gate("max_pool2d", lambda x: ops.max_pool2d(ops.relu(x), 1), IMAGE < 0, [IMAGE]),
]  # fmt: skip


def gradients(gate: Gate, place: str, g: Array) -> list[Array]:
    """By all inputs, and by g of a gradient that has come through the gate, whose own gradient is g too."""
    inputs = [mg.tensor(a, device=place) for a in gate.inputs]
    seed = mg.tensor(g, device=place)
    y = gate.function(*inputs)
    first = mg.grad(y, inputs[:1], grad_output=seed, create_graph=True)
    back = [] if gate.mixes else mg.grad(first[0], [seed], grad_output=seed)
    return [t.numpy() for t in [*mg.grad(y, inputs, grad_output=seed), *back]]


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # behind gates that are open
@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("gate", GATES, ids=str)
def test_a_closed_gate_drops_what_is_not_finite(gate: Gate, place: str, bad: float) -> None:
    closed = gate.closed
    if gate.name == "dropout":
        closed = dropped(mg.tensor(X, device=place)).numpy() == 0
    ones = np.ones(closed.shape, np.float32)
    expected = gradients(gate, place, np.where(closed, 0, ones))
    found = gradients(gate, place, np.where(closed, np.float32(bad), ones))
    for mine, zeros in zip(found, expected, strict=True):
        assert np.isfinite(zeros).all()
        np.testing.assert_array_equal(mine, zeros)
    if gate.name != "batch_norm":  # whose gradient mixes
        assert (found[0][closed] == 0).all()
    through = gradients(gate, place, np.where(closed, ones, np.float32(bad)))
    assert not np.isfinite(through[0][~closed]).any()


@pytest.mark.parametrize("sign", [1, -1])
def test_extrema_drop_what_is_not_finite(place: str, sign: int) -> None:
    """The largest gets all of the gradient, or its share."""
    x = mg.tensor(sign * np.array([[3.0, 1.0, 2.0], [4.0, 4.0, 0.0]], np.float32), device=place)
    for f in (ops.max if sign == 1 else ops.min, lambda x, axis: sign * ops.max(sign * x, axis=axis)):
        (g,) = mg.grad(f(x, axis=1), [x], grad_output=mg.tensor([np.inf, np.inf], device=place))
        np.testing.assert_array_equal(g.numpy(), [[np.inf, 0, 0], [np.inf, np.inf, 0]])
        (g,) = mg.grad(f(x, axis=1), [x], grad_output=mg.tensor([1.0, 1.0], device=place))
        np.testing.assert_array_equal(g.numpy(), [[1, 0, 0], [0.5, 0.5, 0]])


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")  # the square root's derivative at 0
def test_square_roots_behind_gates(place: str) -> None:
    x = mg.tensor([-1.0, 4.0], device=place)
    for gate in (lambda x: ops.maximum(x, 0.0), lambda x: ops.clip(x, 0.0), ops.relu, ops.abs):
        (g,) = mg.grad(ops.sum(ops.sqrt(gate(gate(x) * 1.0))), [x])
        assert g.numpy().tolist() == [-0.5 if gate is ops.abs else 0, 0.25]
    x = mg.tensor([0.0, -1.0], device=place)
    assert mg.grad(ops.sqrt(ops.max(x)), [x])[0].numpy().tolist() == [np.inf, 0]
    assert mg.grad(ops.sqrt(ops.sum(ops.abs(x * 0.0))), [x])[0].numpy().tolist() == [0, 0]


def test_a_closed_rectifier_is_0_at_minus_infinity_and_not_a_number_stays(place: str) -> None:
    x = mg.tensor([-np.inf, np.nan, np.inf], device=place)
    channels = mg.tensor(np.array([[[-np.inf, np.nan, np.inf]]], np.float32), device=place)
    zero = mg.tensor([0.0], device=place)
    column = mg.tensor(np.array([[-np.inf], [np.nan], [np.inf]], np.float32), device=place)
    results = [
        ops.relu(x),
        ops.leaky_relu(x, slope=0.0),
        ops.bias_leaky_relu(channels, zero, slope=0.0),
        ops.linear(column, mg.tensor([[1.0]], device=place), zero, slope=0.0),
        ops.maximum(x, 0.0),
        ops.clip(x, 0.0),
    ]
    for y in results:
        np.testing.assert_array_equal(y.numpy().reshape(-1), [0, np.nan, np.inf])


def test_clip_gives_its_bounds_the_gradient_beyond_them(place: str) -> None:
    x = mg.tensor([-1.0, 0.0, 1.0, 2.0, 3.0], device=place)
    low, high = (mg.tensor(np.full(5, bound, np.float32), device=place) for bound in (0.0, 2.0))
    y = ops.clip(x, low, high)
    found = [g.numpy().tolist() for g in mg.grad(ops.sum(y), [x, low, high])]
    assert found == [[0, 1, 1, 1, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 1]]
    for bounds, slopes in (
        ((0.0, 2.0), [0, 1, 1, 1, 0]),
        ((None, 2), [1, 1, 1, 1, 0]),
        ((1,), [0, 0, 1, 1, 1]),
    ):
        assert mg.grad(ops.sum(ops.clip(x, *bounds)), [x])[0].numpy().tolist() == slopes
    assert ops.clip(x, 2.0, 1.0).numpy().tolist() == [1] * 5
    assert ops.clip(x, [-1, 0.5, 0, 0, 0], None).numpy().tolist() == [-1, 0.5, 1, 2, 3]
    assert np.isnan(ops.clip(x, max=float("nan")).numpy()).all()
    assert ops.clip(x).numpy().tolist() == x.numpy().tolist()


def test_the_gradient_of_the_largest_of_numbers_with_a_nan_is_the_nan_s(place: str) -> None:
    x = mg.tensor([1.0, np.nan, 2.0], device=place)
    assert mg.grad(ops.max(x), [x])[0].numpy().tolist() == [0, 1, 0]


def test_powers_of_0_by_their_exponent(place: str) -> None:
    x, k = mg.tensor([0.0, 0.0, 2.0], device=place), mg.tensor([2.0, 0.0, 3.0], device=place)
    (g,) = mg.grad(ops.sum(x**k), [k])
    np.testing.assert_allclose(g.numpy(), [0, 0, 8 * np.log(2)], rtol=1e-6)
