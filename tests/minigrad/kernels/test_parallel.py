"""The loop over the threads: every index once, tuples of arrays carried along, errors raised."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad.kernels.cpu.runtime.compiling import SMALL, jit, launch
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.types import Array


@inner_jit
def _scaled(i: int, x: Array, factors: tuple[Array, float], limit: int, y: Array) -> None:
    if i >= limit:
        raise ValueError("beyond the limit")
    y[i] += x[i] * factors[0][i] * factors[1]


@jit
def _scale(x: Array, factors: tuple[Array, float], limit: int, y: Array) -> None:
    parallel_for(x.size, _scaled, x, factors, limit, y)


@jit
def _scale_without_a_result(x: Array) -> None:
    parallel_for(x.size, _scaled, x)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 1000])
def test_each_index_is_called_once(size: int) -> None:
    x, factor, y = np.arange(size, dtype=np.float32), np.full(size, 3.0), np.ones(size)
    with launch(SMALL):
        _scale(x, (factor, 0.5), size, y)
    np.testing.assert_array_equal(y, 1 + 1.5 * x)


def test_arrays_outlive_the_loop_unchanged() -> None:
    x, factor, y = np.ones(9, np.float32), np.ones(9), np.zeros(9)
    for _ in range(100):
        with launch(SMALL):
            _scale(x, (factor, 1.0), 9, y)
    assert (x == 1).all()
    assert (factor == 1).all()
    assert (y == 100).all()


def test_what_a_call_raises_is_raised_when_all_have_ended() -> None:
    x, factor, y = np.ones(100, np.float32), np.ones(100), np.zeros(100)
    with launch(SMALL), pytest.raises(ValueError, match="beyond the limit"):
        _scale(x, (factor, 1.0), 99, y)
    assert (y[:99] == 1).all()


def test_arguments_that_do_not_fit_are_an_error_of_the_caller() -> None:
    with launch(SMALL), pytest.raises(TypeError, match="Signature mismatch"):
        _scale_without_a_result(np.ones(3))
