"""The matrix product on the CPU against NumPy's."""

from __future__ import annotations

from types import ModuleType

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels import cpu, reference
from minigrad.kernels.cpu.gemm import blocks, few
from minigrad.kernels.cpu.gemm import kernels as gemm
from minigrad.kernels.cpu.gemm.plan import Plan
from minigrad.kernels.cpu.tiles.registers import ROWS, TILE
from tests.minigrad.kernels.strategies import DTYPES, LAYOUTS, assert_close, laid_out

Shape = tuple[int, ...]
PRODUCTS = [
    (64, 100, 1254),
    (100, 64, 1254),
    (256, 128, 128),
    (256, 2, 128),
    (256, 128, 2),
    (256, 1, 128),
    (70, 3, 48),
    (3, 256, 128),
    (64, 6272, 1),
    (1, 64, 6272),
    (70, 1300, 90),
    (64, 512, 1024),
    (64, 1024, 784),
]
WAYS = st.sampled_from(["chosen", "held", "passing", "turned"])


def go(way: str, patch: pytest.MonkeyPatch, *, by_rows: bool = True) -> None:
    """Let kernels take a way whatever the sizes, in two shares of rows or of columns where there are two."""
    if way == "chosen":
        return
    patch.setattr(gemm, "TINY", 0)
    patch.setattr(few, "FEW", 0)

    def forced(
        m: int, depth: int, n: int, columns_x: bool, columns_y: bool, gated: bool, itemsize: int, workers: int
    ) -> Plan:
        turned = way == "turned" and not gated
        left, right = (n, m) if turned else (m, n)
        rows = 2 if by_rows and left > ROWS else 1
        columns = 2 if not by_rows and right > TILE.lanes(itemsize) else 1
        return Plan(turned, rows, columns, held=way != "passing")

    patch.setattr(blocks, "plan", forced)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 600),
    st.integers(1, 80),
    st.sampled_from(DTYPES),
    LAYOUTS,
    LAYOUTS,
    st.integers(0, 2**32 - 1),
    WAYS,
    st.booleans(),
)
def test_cpu_matmul_equals_reference(
    m: int, k: int, n: int, dtype: type, x_layout: str, y_layout: str, seed: int, way: str, by_rows: bool
) -> None:
    rng = np.random.default_rng(seed)
    x = laid_out(rng.standard_normal((m, k)).astype(dtype), x_layout)
    y = laid_out(rng.standard_normal((k, n)).astype(dtype), y_layout)
    with pytest.MonkeyPatch.context() as patch:
        go(way, patch, by_rows=by_rows)
        z = cpu.matmul(x, y)
    assert z.dtype == dtype
    assert_close(z, reference.matmul(x, y), k)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 40),
    st.integers(0, 600),
    st.integers(0, 80),
    st.sampled_from(DTYPES),
    LAYOUTS,
    LAYOUTS,
    st.sampled_from([0.0, 0.2, 1.0]),
    WAYS,
    st.booleans(),
)
def test_cpu_linear_equals_reference(
    m: int, k: int, n: int, dtype: type, x_layout: str, w_layout: str, slope: float, way: str, by_rows: bool
) -> None:
    rng = np.random.default_rng(m + k + n)
    x = laid_out(rng.standard_normal((m, k)).astype(dtype), x_layout)
    w = laid_out(rng.standard_normal((n, k)).astype(dtype), w_layout)
    b = laid_out(rng.standard_normal(n).astype(dtype), x_layout)
    with pytest.MonkeyPatch.context() as patch:
        go(way, patch, by_rows=by_rows)
        y = cpu.linear(x, w, b, slope)
    assert y.dtype == dtype
    assert_close(y, reference.linear(x, w, b, slope), k + 1)


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_the_layer_s_relu_is_zero_at_minus_infinity_and_keeps_nan(kernels: ModuleType) -> None:
    x, w = np.ones((20, 3), np.float32), np.ones((40, 3), np.float32)
    x[1, 0], x[2, 0], x[3, 0] = -np.inf, np.nan, np.inf
    y = kernels.linear(x, w, np.zeros(40, np.float32), 0.0)
    assert (y[1] == 0).all()
    assert np.isnan(y[2]).all()
    assert np.isinf(y[3]).all()


@pytest.mark.parametrize(("m", "k", "n"), PRODUCTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_matmul_does_not_depend_on_the_number_of_threads(m: int, k: int, n: int, dtype: type) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((n, k)).astype(dtype).T
    most = numba.get_num_threads()
    results = []
    for count in (1, most):
        numba.set_num_threads(count)
        try:
            results.append((cpu.matmul(x, y), cpu.linear(x, y.T, y[0], 0.2)))
        finally:
            numba.set_num_threads(most)
    assert_close(results[0][0], reference.matmul(x, y), k)
    assert all(one.tobytes() == many.tobytes() for one, many in zip(*results, strict=True))


@pytest.mark.parametrize(("m", "k", "n"), [(6272, 64, 1), (700, 300, 3), (2, 256, 700), (513, 90, 4)])
@pytest.mark.parametrize("layout", ["C", "F"])
def test_products_of_few_columns_have_the_same_numbers_on_any_threads(
    m: int, k: int, n: int, layout: str
) -> None:
    rng = np.random.default_rng(0)
    x, y = (np.array(rng.standard_normal(shape, np.float32), order=layout) for shape in ((m, k), (k, n)))
    x.flags.writeable = False
    most, results = numba.get_num_threads(), []
    for count in (1, most):
        numba.set_num_threads(count)
        try:
            results.append(cpu.matmul(x, y))
        finally:
            numba.set_num_threads(most)
    assert_close(results[0], reference.matmul(x, y), k)
    assert results[0].tobytes() == results[1].tobytes()


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 70),
    st.sampled_from([0, 1, 2, 4, 5, 40, 300]),
    st.sampled_from([0, 1, 4, 5, 16, 31, 32, 48, 70]),
    st.sampled_from(DTYPES),
    LAYOUTS,
    LAYOUTS,
    st.sampled_from([0.0, 0.2, 1.0]),
    st.booleans(),
    WAYS,
    st.booleans(),
)
def test_cpu_matmul_gate_is_the_two_kernels(
    m: int,
    k: int,
    n: int,
    dtype: type,
    layout: str,
    own_layout: str,
    slope: float,
    given_memory: bool,
    way: str,
    by_rows: bool,
) -> None:
    rng = np.random.default_rng(m + k + n)
    x, y, own = (
        laid_out(rng.standard_normal(shape).astype(dtype), way)
        for shape, way in (((m, k), layout), ((k, n), layout), ((m, n), own_layout))
    )
    out = (np.full((m, n), np.nan, dtype), np.full(n, np.nan, dtype)) if given_memory else None
    with pytest.MonkeyPatch.context() as patch:
        go(way, patch, by_rows=by_rows)
        patch.setattr(gemm, "TINY", 0)
        results = cpu.matmul_gate(x, y, own, slope, out=out)
        expected = cpu.bias_leaky_relu_grad(cpu.matmul(x, y), own, slope)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(results, expected, strict=True))
    for a, b in zip(results, reference.matmul_gate(x, y, own, slope), strict=True):
        assert_close(a, b, (k + 1) * (m + 1))
    assert out is None or all(a is b for a, b in zip(results, out, strict=True))


@pytest.mark.parametrize("k", [1, 3, 128])
@pytest.mark.parametrize("m", [31, 256, 1000])
def test_matmul_gate_does_not_depend_on_the_number_of_threads(m: int, k: int) -> None:
    rng = np.random.default_rng(0)
    x, y, own = (rng.standard_normal(shape, np.float32) for shape in ((m, k), (k, 96), (m, 96)))
    most = numba.get_num_threads()
    results = []
    for count in (1, most):
        numba.set_num_threads(count)
        try:
            results.append((*cpu.matmul_gate(x, y, own, 0.2), *cpu.bias_leaky_relu_grad(own, own, 0.2)))
        finally:
            numba.set_num_threads(most)
    assert all(one.tobytes() == many.tobytes() for one, many in zip(*results, strict=True))


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 70),
    st.sampled_from([0, 1, 4, 5, 40, 300]),
    st.sampled_from([0, 1, 4, 5, 31, 32, 48, 70]),
    st.sampled_from(DTYPES),
    LAYOUTS,
    LAYOUTS,
    WAYS,
    st.booleans(),
)
def test_cpu_matmul_add_is_the_product_and_an_addition(
    m: int, k: int, n: int, dtype: type, layout: str, total_layout: str, way: str, by_rows: bool
) -> None:
    rng = np.random.default_rng(m + k + n)
    total, x, y = (
        laid_out(rng.standard_normal(shape).astype(dtype), way)
        for shape, way in (((m, n), total_layout), ((m, k), layout), ((k, n), layout))
    )
    out = np.full((m, n), np.nan, dtype)
    with pytest.MonkeyPatch.context() as patch:
        go(way, patch, by_rows=by_rows)
        patch.setattr(gemm, "TINY", 0)
        assert cpu.matmul_add(total, x, y, out=out) is out
        assert out.tobytes() == (total + cpu.matmul(x, y)).tobytes()
    assert_close(out, reference.matmul_add(total, x, y), k + 1)


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_an_addition_that_does_not_fit_is_refused(kernels: ModuleType) -> None:
    with pytest.raises(ValueError, match="expected"):
        kernels.matmul_add(np.ones((2, 3)), np.ones((2, 3)), np.ones((3, 4)))


@pytest.mark.parametrize("kernels", [cpu, reference])
def test_a_gate_that_does_not_fit_is_refused(kernels: ModuleType) -> None:
    with pytest.raises(ValueError, match="expected"):
        kernels.matmul_gate(np.ones((2, 3)), np.ones((3, 4)), np.ones((2, 3)), 0.2)


@pytest.mark.parametrize("shapes", [((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 3), (3, 0))])
def test_empty_products(shapes: tuple[tuple[int, int], tuple[int, int]]) -> None:
    x, y = np.ones(shapes[0], np.float32), np.ones(shapes[1], np.float32)
    np.testing.assert_array_equal(cpu.matmul(x, y), reference.matmul(x, y))


@pytest.mark.parametrize("kernels", [cpu, reference])
@pytest.mark.parametrize("shapes", [((2, 3), (2, 3)), ((3,), (3, 2)), ((2, 3), (3,)), ((1, 2, 3), (3, 2))])
def test_shapes_that_do_not_fit_are_refused(
    kernels: ModuleType, shapes: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    with pytest.raises(ValueError, match="matmul"):
        kernels.matmul(np.ones(shapes[0]), np.ones(shapes[1]))
    with pytest.raises(ValueError, match="linear"):
        kernels.linear(np.ones(shapes[0]), np.ones(shapes[1][::-1]), np.ones(5), 0.2)


def test_nan_reaches_its_row_and_column_alone() -> None:
    x, y = np.ones((40, 300), np.float32), np.ones((300, 70), np.float32)
    x[20, 5], y[7, 33] = np.nan, np.inf
    z = cpu.matmul(x, y)
    assert np.isnan(z[20]).all()
    rest = np.delete(z, 20, axis=0)
    assert np.isinf(rest[:, 33]).all()
    assert np.isfinite(np.delete(rest, 33, axis=1)).all()


@pytest.mark.parametrize("kernels", [cpu, reference], ids=["cpu", "reference"])
@pytest.mark.parametrize("shape", [(1, 2, 1), (3, 5, 1), (2, 1, 2000), (40, 600, 40)], ids=str)
def test_products_of_infinities_are_nan_and_no_warning(kernels: ModuleType, shape: Shape) -> None:
    m, depth, n = shape
    x, y = np.full((m, depth), np.inf, np.float32), np.zeros((depth, n), np.float32)
    assert np.isnan(kernels.matmul(x, y)).all()
    assert np.isnan(kernels.stacked_matmul(x, y)).all()
    assert np.isnan(kernels.stacked_matmul(x[0], y)).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_large_new_result_begins_at_a_cache_line(dtype: type) -> None:
    x, w, own = (np.ones(shape, dtype) for shape in ((64, 100), (256, 100), (64, 256)))
    results = cpu.matmul(x, w.T), cpu.linear(x, w, own[0], 0.2), cpu.matmul_gate(x, w.T, own, 0.2)[0]
    for result in (*results, cpu.matmul_add(own, x, w.T)):
        assert result.ctypes.data % 64 == 0
        assert result.flags.carray
        assert (result >= 100).all()
