"""The matrix product and the linear layer: the emulated kernels against the reference."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.kernels import cpu, reference
from minigrad.kernels.cuda.product import planning
from minigrad.kernels.precision import allow_tf32
from tests.gpu.kernels.numpy_calls import cuda
from tests.gpu.kernels.strategies import SLOPES, SOME, filled_like
from tests.minigrad.kernels.strategies import DTYPES, LAYOUTS, assert_close, laid_out

pytestmark = pytest.mark.usefixtures("launched")

SEEDS = st.integers(0, 2**32 - 1)
ROWS = st.sampled_from([0, 1, 2, 5, 16, 63, 64, 65, 130])  # a tile has 64
DEPTHS = st.sampled_from([0, 1, 3, 4, 15, 16, 17, 36, 70])  # and a depth of 16


@SOME
@given(ROWS, DEPTHS, ROWS, st.sampled_from(DTYPES), LAYOUTS, LAYOUTS, SLOPES, st.integers(0, 2**32 - 1))
def test_products_equal_reference(
    m: int, k: int, n: int, dtype: type, x_layout: str, w_layout: str, slope: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x = laid_out(rng.normal(size=(m, k)).astype(dtype), x_layout)
    w = laid_out(rng.normal(size=(n, k)).astype(dtype), w_layout)
    b = laid_out(rng.normal(size=n).astype(dtype), x_layout)
    for name, arguments in (("matmul", (x, w.T)), ("linear", (x, w, b, slope))):
        expected = getattr(reference, name)(*arguments)
        (out,) = filled_like((expected,))
        assert getattr(cuda, name)(*arguments, out=out) is out
        assert_close(out, expected, k + 1)
        assert getattr(cuda, name)(*arguments).tobytes() == out.tobytes()


@SOME
@given(ROWS, DEPTHS, ROWS, st.sampled_from(DTYPES), LAYOUTS, SLOPES, st.integers(0, 2**32 - 1))
def test_gated_products_equal_reference(
    m: int, k: int, n: int, dtype: type, layout: str, slope: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x, y, own = (laid_out(rng.normal(size=shape).astype(dtype), layout) for shape in ((m, k), (k, n), (m, n)))
    expected = reference.matmul_gate(x, y, own, slope)
    out = filled_like(expected)
    results = cuda.matmul_gate(x, y, own, slope, out=out)
    for result, given_array, right in zip(results, out, expected, strict=True):
        assert result is given_array
        assert_close(result, right, (k + 1) * (m + 1))


FEW = st.sampled_from([0, 1, 5, 17, 65])


def test_gated_products_are_the_two_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bit for bit, sums too: a captured step may take the one for the others."""
    rng = np.random.default_rng(0)
    shapes = [(1, 3, 5), (64, 40, 70), (65, 60, 3), (130, 20, 65), (4097, 2, 3)]
    ways = [(False, planning.BLOCKS, planning.LEAST), (False, 1, 20), (False, 12, 20), (True, 1, 20)]
    for (m, k, n), dtype in product(shapes, DTYPES):
        x, y, own = (rng.normal(size=shape).astype(dtype) for shape in ((m, k), (k, n), (m, n)))
        own[:, 0], y[:, 0] = -1.0, -0.0
        for tf32, blocks, least in ways if dtype is np.float32 else ways[:1]:  # tiles, shares, arithmetic
            monkeypatch.setattr(planning, "BLOCKS", blocks)
            monkeypatch.setattr(planning, "LEAST", least)
            with allow_tf32(tf32):
                expected = cuda.bias_leaky_relu_grad(cuda.matmul(x, y), own, 0.2)
                for a, b in zip(cuda.matmul_gate(x, y, own, 0.2), expected, strict=True):
                    assert a.tobytes() == b.tobytes(), (m, k, n, dtype, blocks, tf32)


LEADS = [  # of x and of y
    ((), (2,)),
    ((3,), ()),
    ((3,), (1,)),
    ((2, 1), (3,)),
    ((2, 3), (2, 3)),
    ((1, 1), (2, 1)),
    ((0,), (1,)),
]


@SOME
@given(st.sampled_from(LEADS), FEW, FEW, FEW, st.sampled_from(DTYPES), LAYOUTS, st.booleans(), SEEDS)
def test_stacked_products_equal_reference(
    leads: tuple[tuple[int, ...], tuple[int, ...]],
    m: int,
    k: int,
    n: int,
    dtype: type,
    layout: str,
    swapped: bool,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    shapes = (*leads[0], m, k), (*leads[1], k, n)
    x, y = (laid_out(rng.normal(size=shape).astype(dtype), layout) for shape in shapes)
    if swapped:  # as in the product's derivatives
        x, y = (a.swapaxes(-1, -2).copy().swapaxes(-1, -2) for a in (x, y))
    expected = reference.stacked_matmul(x, y)
    (out,) = filled_like((expected,))
    assert cuda.stacked_matmul(x, y, out=out) is out
    assert_close(out, expected, k + 1)
    assert cuda.stacked_matmul(x, y).tobytes() == out.tobytes()


@pytest.mark.parametrize("shapes", [((3,), (3,)), ((3,), (3, 4)), ((2, 5, 3), (3,)), ((3,), (2, 3, 4))])
def test_an_operand_of_one_axis_is_a_vector(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=shape).astype(np.float32) for shape in shapes)
    z = cuda.stacked_matmul(x, y)
    assert z.shape == np.matmul(x, y).shape
    assert_close(z, np.asarray(np.matmul(x, y)), 4)


@pytest.mark.parametrize("shapes", [((), (3,)), ((2, 3), (2, 3)), ((3, 2, 3), (2, 3, 2)), ((4,), (3, 4))])
def test_stacks_that_do_not_fit_are_refused(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    for kernels in (cuda, cpu):
        with pytest.raises(ValueError, match="matmul: "):
            kernels.stacked_matmul(np.ones(shapes[0]), np.ones(shapes[1]))


def test_the_layer_s_relu_is_zero_at_minus_infinity_and_keeps_nan() -> None:
    x, w = np.ones((20, 3), np.float32), np.ones((40, 3), np.float32)
    x[1, 0], x[2, 0], x[3, 0] = -np.inf, np.nan, np.inf
    y = cuda.linear(x, w, np.zeros(40, np.float32), 0.0)
    assert (y[1] == 0).all()
    assert np.isnan(y[2]).all()
    assert np.isinf(y[3]).all()


def test_nan_reaches_its_row_and_column_alone() -> None:
    x, y = np.ones((40, 30), np.float32), np.ones((30, 70), np.float32)
    x[20, 5], y[7, 33] = np.nan, np.inf
    z = cuda.matmul(x, y)
    assert np.isnan(z[20]).all()
    rest = np.delete(z, 20, axis=0)
    assert np.isinf(rest[:, 33]).all()
    assert np.isfinite(np.delete(rest, 33, axis=1)).all()


@pytest.mark.parametrize("shapes", [((2, 3), (2, 3)), ((3,), (3, 2)), ((2, 3), (3,)), ((1, 2, 3), (3, 2))])
def test_shapes_that_do_not_fit_are_refused(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="matmul"):
        cuda.matmul(np.ones(shapes[0]), np.ones(shapes[1]))
    with pytest.raises(ValueError, match="linear"):
        cuda.linear(np.ones(shapes[0]), np.ones(shapes[1][::-1]), np.ones(5), 0.2)
