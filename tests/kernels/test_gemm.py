"""The matrix product on the CPU against NumPy's."""

from __future__ import annotations

from types import ModuleType

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels import cpu, reference
from minigrad.kernels.cpu import gemm
from tests.kernels.strategies import DTYPES, LAYOUTS, assert_close, laid_out

Shape = tuple[int, ...]
PRODUCTS = [(64, 100, 1254), (100, 64, 1254), (64, 6272, 1), (1, 64, 6272), (70, 1300, 90)]


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(1, 600),
    st.integers(1, 80),
    st.sampled_from(DTYPES),
    LAYOUTS,
    LAYOUTS,
    st.integers(0, 2**32 - 1),
    st.booleans(),
)
def test_cpu_matmul_equals_reference(
    m: int, k: int, n: int, dtype: type, x_layout: str, y_layout: str, seed: int, packed: bool
) -> None:
    rng = np.random.default_rng(seed)
    x = laid_out(rng.standard_normal((m, k)).astype(dtype), x_layout)
    y = laid_out(rng.standard_normal((k, n)).astype(dtype), y_layout)
    with pytest.MonkeyPatch.context() as patch:
        if packed:
            patch.setattr(gemm, "FEW", 0)
        z = cpu.matmul(x, y)
    assert z.dtype == dtype
    assert_close(z, reference.matmul(x, y), k)


@pytest.mark.parametrize(
    ("m", "k", "n"), [(64, 100, 1254), (100, 64, 1254), (64, 6272, 1), (1, 64, 6272), (70, 1300, 90)]
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_matmul_does_not_depend_on_the_number_of_threads(m: int, k: int, n: int, dtype: type) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((n, k)).astype(dtype).T
    most = numba.get_num_threads()
    results = []
    for count in (1, most):
        numba.set_num_threads(count)
        try:
            results.append(cpu.matmul(x, y))
        finally:
            numba.set_num_threads(most)
    assert_close(results[0], reference.matmul(x, y), k)
    assert results[0].tobytes() == results[1].tobytes()


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


def test_nan_reaches_its_row_and_column_alone() -> None:
    x, y = np.ones((40, 300), np.float32), np.ones((300, 70), np.float32)
    x[20, 5], y[7, 33] = np.nan, np.inf
    z = cpu.matmul(x, y)
    assert np.isnan(z[20]).all()
    rest = np.delete(z, 20, axis=0)
    assert np.isinf(rest[:, 33]).all()
    assert np.isfinite(np.delete(rest, 33, axis=1)).all()
