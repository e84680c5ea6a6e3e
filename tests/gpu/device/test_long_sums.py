"""Sums over long axes keep float32's digits: the error is bounded whatever the length, on every backend.

u is 2^-24. Terms are near 0.1, whose sum one by one drifts away, and positive, so that bounds are relative.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import minigrad as mg
from minigrad import ops
from minigrad.dispatch import kernels_of, use_kernels
from minigrad.ops.sums import BOUND, summed

Array = NDArray[Any]

U = 2.0**-24
LONG = 200_000
DEPTH = 256  # terms of a product that are summed in one go
PRODUCT = DEPTH + LONG / DEPTH

RNG = np.random.default_rng(0)
ROWS = (0.1 + RNG.uniform(0, 1e-6, (LONG, 2))).astype(np.float32)
IMAGES = ROWS.reshape(LONG // 100, 2, 10, 10)
WIDE = np.ascontiguousarray(ROWS.T).reshape(1, 2, 400, LONG // 400)
ONES = np.ones(2, np.float32)


def channels(f: Callable[..., Any]) -> Callable[..., Any]:
    """f over all axes but the second."""
    return lambda x: f(x, axis=(0, *range(2, x.ndim)))


@dataclass(frozen=True)
class LongSum:
    """``function`` of the arrays as Tensors is ``definition`` of them in float64, within ``bound`` u."""

    name: str
    function: Callable[..., Any]
    definition: Callable[..., Any]
    arrays: tuple[Array, ...]
    bound: float = BOUND + 3

    def __str__(self) -> str:
        return self.name


def gradient(f: Callable[..., Any], wrt: int = 0) -> Callable[..., Any]:
    """The gradient of f's sum by an input, with 0.1 coming in, nearly."""

    def function(g: Any, *inputs: Any) -> Any:
        return mg.grad(f(*inputs), [inputs[wrt]], grad_output=g)[0]

    return function


def with_moments(x: Any, part: int) -> Any:
    y = ops.standardize(x, eps=1.0)
    assert y.saved is not None
    return mg.tensor(y.saved[part])


SPREAD = (ROWS * RNG.uniform(0, 1e3, ROWS.shape)).astype(np.float32)
LABELS = np.zeros(LONG, np.int64)

CASES = [
    LongSum("sum", lambda x: ops.sum(x, 0), lambda x: x.sum(0), (ROWS,)),
    LongSum("mean", lambda x: ops.mean(x, 0), lambda x: x.mean(0), (ROWS,)),
    LongSum("var", lambda x: ops.var(x, 0), lambda x: x.var(0), (SPREAD,), 2 * BOUND),
    LongSum("sum_to", lambda x: ops.sum_to(x, shape=(1, 2)), lambda x: x.sum(0, keepdims=True), (ROWS,)),
    LongSum("cumsum", lambda x: ops.cumsum(x, axis=0), lambda x: x.cumsum(0), (ROWS,)),
    LongSum(
        "logsumexp",
        lambda x: ops.exp(ops.logsumexp(x, axis=0) - 12),
        lambda x: np.exp(x).sum(0) * np.exp(-12),
        (ROWS,),
        2 * BOUND,
    ),
    LongSum(
        "softmax",
        lambda x: ops.softmax(x, axis=0)[0] * 1e5,
        lambda x: 1e5 * np.exp(x[0]) / np.exp(x).sum(0),
        (ROWS,),
    ),
    LongSum(
        "log_softmax",
        lambda x: ops.exp(ops.log_softmax(x, axis=0)[0] + 12),
        lambda x: np.exp(x[0] + 12) / np.exp(x).sum(0),
        (ROWS,),
        2 * BOUND,
    ),
    LongSum("channel_sum", ops.channel_sum, channels(np.sum), (ROWS,)),
    LongSum(
        "a place named often",
        lambda x: ops.scatter(x, index=LABELS, shape=(1, 2)),
        lambda x: x.sum(0, keepdims=True),
        (ROWS,),
    ),
    LongSum(
        "a bias's gradient",
        gradient(lambda x, b: ops.add(x, b), 1),
        lambda g, x, b: g.sum(0),
        (ROWS, ROWS, ONES),
    ),
    *(
        LongSum(
            f"bias_leaky_relu's gradient, {name}",
            gradient(lambda x, b: ops.bias_leaky_relu(x, b, slope=0.0), 1),
            lambda g, x, b: channels(np.sum)(g),
            (x, x, ONES),
        )
        for name, x in (("rows", ROWS), ("images", IMAGES), ("a large image", WIDE))
    ),
    *(
        LongSum(f"batch_norm's mean, {name}", lambda x: with_moments(x, 0), channels(np.mean), (x,))
        for name, x in (("rows", ROWS), ("images", IMAGES), ("a large image", WIDE))
    ),
    *(
        LongSum(
            f"batch_norm's gradient by its bias, {name}",
            gradient(lambda x, w, b: ops.batch_norm(x, w, b, eps=1.0, slope=0.5), 2),
            lambda g, x, w, b: channels(np.sum)(g),
            (x, x, ONES, 5 * ONES),
        )
        for name, x in (("rows", ROWS), ("images", IMAGES), ("a large image", WIDE))
    ),
    LongSum("mean_softplus", ops.mean_softplus, lambda x: np.log1p(np.exp(x)).mean(), (ROWS,)),
    LongSum(
        "linear's gradient by its bias",
        gradient(lambda x, w, b: ops.linear(x, w, b), 2),
        lambda g, x, w, b: g.sum(0),
        (ROWS, ROWS, np.eye(2, dtype=np.float32), ONES),
    ),
]

PRODUCTS = [
    LongSum(f"matmul, {name}", ops.matmul, np.matmul, (x, y), PRODUCT)
    for name, x, y in (
        ("rows by columns", WIDE.reshape(2, LONG), ROWS),
        ("columns by columns", ROWS.T, ROWS),
        ("a row", WIDE.reshape(2, LONG)[:1], ROWS[:, :1]),
        ("rows by rows", WIDE.reshape(2, LONG), WIDE.reshape(2, LONG).T),
        ("many columns", np.ascontiguousarray(ROWS[:20_000].T.repeat(8, 0)), ROWS[:20_000].repeat(16, 1)),
        ("small", np.ascontiguousarray(ROWS[:20_000].T.repeat(4, 0)), ROWS[:20_000].repeat(4, 1)),
    )
]


STACKS = LongSum("matmul of stacks", ops.matmul, np.matmul, (ROWS.T[None], ROWS[None]), 4096 + LONG / 4096)


def check(case: LongSum, place: str) -> None:
    found = case.function(*[mg.tensor(a, device=place) for a in case.arrays]).numpy()
    expected = np.asarray(case.definition(*[a.astype(np.float64) for a in case.arrays]))
    assert (found.shape, found.dtype) == (expected.shape, np.float32)
    np.testing.assert_allclose(found, expected, rtol=case.bound * U)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_error_of_a_long_sum_is_bounded(case: LongSum, place: str) -> None:
    check(case, place)


@pytest.mark.parametrize("kernels", ["reference", "cpu"])
@pytest.mark.parametrize("case", [*PRODUCTS, STACKS], ids=str)
def test_the_error_of_a_long_product_is_bounded(case: LongSum, kernels: str) -> None:
    with use_kernels(kernels):
        check(case, "cpu")


@pytest.mark.parametrize("kernels", ["reference", "cpu"])
@pytest.mark.parametrize(("c", "o", "size"), [(1, 2, 1000), (2, 16, 64), (32, 32, 32), (2, 2, 1)])
def test_the_error_of_a_convolution_s_weight_gradient_is_bounded(
    kernels: str, c: int, o: int, size: int
) -> None:
    n = 65_536 // size**2 + 1
    terms = n * size**2
    x = np.resize(ROWS, (n, c, size, size))
    g = np.resize(ROWS[::-1], (n, o, size, size))
    with use_kernels(kernels):
        found = ops.conv2d_weight(mg.tensor(x), mg.tensor(g), kernel=3, padding=1).numpy()[:, :, 1, 1]
    expected = np.einsum("ncij,noij->oc", x, g, dtype=np.float64)
    np.testing.assert_allclose(found, expected, rtol=(2 * DEPTH + terms / DEPTH) * U)


@pytest.mark.parametrize("shape", [(70_001, 3), (300, 301, 2), (2, 1 << 17), (3, 20_000, 3), (1 << 17,)])
def test_numpy_s_sums_are_bounded_in_any_layout(shape: tuple[int, ...]) -> None:
    base = np.resize(ROWS, shape)
    layouts = [
        base,
        np.asfortranarray(base),
        base[::-1],
        base.repeat(2, -1)[..., ::2],
        np.moveaxis(np.moveaxis(base, 0, -1).copy(), -1, 0),
        np.broadcast_to(base[:1], shape),
        np.broadcast_to(base[..., :1], shape),
        np.broadcast_to(np.float32(0.1), shape),
    ]
    axes = [
        None,
        *itertools.chain(*(itertools.combinations(range(len(shape)), r + 1) for r in range(len(shape)))),
    ]
    for x, axis, keepdims in itertools.product(layouts, axes, (False, True)):
        found = summed(x, axis, keepdims)
        np.testing.assert_allclose(
            found, x.sum(axis, np.float64, keepdims=keepdims), rtol=BOUND * U, strict=False
        )
        given = np.empty_like(found)
        assert summed(x, axis, keepdims, given) is given
        np.testing.assert_array_equal(given, found)


def test_a_replay_of_long_sums_gives_the_same_bits(kernels: str) -> None:
    def step(x: mg.Tensor) -> list[mg.Tensor]:
        y = ops.add(ops.mean(x, 0), ops.sum_to(x, shape=(2,)))
        return [y, ops.cumsum(x, axis=0), ops.channel_sum(x), *mg.grad(ops.sum(y * y), [x])]

    captured = mg.capture(step)
    for factor in (1.0, 1.0, 0.7):
        x = mg.tensor(ROWS[:3000] * np.float32(factor))
        for mine, plain in zip(captured(x), step(x), strict=True):
            np.testing.assert_array_equal(mine.numpy(), plain.numpy())
    assert captured.replays == 1


def test_the_sum_of_squares_is_taken_in_float64(kernels: str) -> None:
    found = kernels_of(ROWS).sum_squares([ROWS, IMAGES])
    np.testing.assert_allclose(found, 2 * np.square(ROWS, dtype=np.float64).sum(), rtol=1e-12)
