"""The hyperbolic tangent: cpu against float64 over all magnitudes, and at the ends of the number line."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given, settings

from minigrad.kernels import cpu, reference
from minigrad.kernels.cpu.smooth import ALONE
from tests.minigrad.kernels.strategies import Array, arrays

UNITS = 2.5
"""The error that the kernel's docstring states, in units of the result's last place."""


def errors(x: Array) -> Array:
    """Of each tangent, in units of its last place."""
    exact = np.tanh(x.astype(np.float64))
    unit = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    return np.abs(cpu.tanh(x) - exact) / unit


@settings(max_examples=200, deadline=None)
@given(arrays(1))
def test_cpu_tanh_equals_reference(drawn: list[Array]) -> None:
    (x,) = drawn
    before = x.copy()
    actual, expected = cpu.tanh(x), reference.tanh(x)
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    assert actual.flags.c_contiguous
    np.testing.assert_array_equal(x, before)
    if x.dtype == np.float64:
        np.testing.assert_array_equal(actual, expected)
    else:
        assert errors(x).max(initial=0) <= UNITS


def test_the_error_holds_over_all_magnitudes() -> None:
    """Every 211th float32 from the least one to 16."""
    every = np.arange(1, np.float32(16).view(np.uint32), 211, np.uint32).view(np.float32)
    assert errors(every).max() <= UNITS
    np.testing.assert_array_equal(cpu.tanh(-every), -cpu.tanh(every))  # odd
    assert cpu.tanh(every).max() == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_ends_of_the_number_line(dtype: type) -> None:
    least, most = np.finfo(dtype).smallest_subnormal, np.finfo(dtype).max
    x = np.array([0.0, -0.0, least, -least, 3 * least, np.nan, np.inf, -np.inf, most, -most], dtype)
    expected = np.array([0.0, -0.0, least, -least, 3 * least, np.nan, 1, -1, 1, -1], dtype)
    for size in (1, 2, 40):  # in whole vectors and in the lanes of a part of one
        actual = cpu.tanh(np.repeat(x, size))
        np.testing.assert_array_equal(actual, np.repeat(expected, size))
        np.testing.assert_array_equal(np.signbit(actual[:5]), np.signbit(np.repeat(x, size)[:5]))


@pytest.mark.parametrize("size", [ALONE, ALONE + 1, 3 * ALONE + 17])
def test_the_number_of_threads_changes_no_bit(size: int) -> None:
    x = np.random.default_rng(0).normal(size=size).astype(np.float32)
    results, threads = [], numba.get_num_threads()
    for count in (1, threads):
        numba.set_num_threads(count)
        results.append(cpu.tanh(x))
    numba.set_num_threads(threads)
    np.testing.assert_array_equal(*results)
    np.testing.assert_array_equal(results[0][:100], cpu.tanh(x[:100]))
    assert errors(x).max() <= UNITS
