"""A choice between two arrays, element by element.

NumPy's branches at each element, and a processor that guesses wrong at every second one loses most of the
time; a vector takes from both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from minigrad.kernels.checks import output
from minigrad.kernels.cpu.runtime.compiling import by_dtype, checked, elements
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for, threads_allowed
from minigrad.kernels.launching import launch
from minigrad.types import Array

__all__ = ["where"]

ALONE = 1 << 15  # elements that one thread computes while two are started
LINE = 64  # elements to a multiple of which the threads' shares are rounded


def _kinds(element: Any) -> tuple[Any, ...]:
    row = types.Array(element, 1, "C")
    return types.Array(types.boolean, 1, "C"), row, row, row


@inner_jit
def _share(share: int, shares: int, condition: Array, x: Array, y: Array, out: Array) -> None:
    """A share of the elements; x or y may be a single number."""
    lines = (out.size + LINE - 1) // LINE
    part = slice(share * lines // shares * LINE, (share + 1) * lines // shares * LINE)
    chosen, result = condition[part], out[part]
    if y.size == 1:
        first, other = x[part], y[0]
        for i in range(result.size):
            one = first[i]
            result[i] = one if chosen[i] else other
    elif x.size == 1:
        one, second = x[0], y[part]
        for i in range(result.size):
            other = second[i]
            result[i] = one if chosen[i] else other
    else:
        first, second = x[part], y[part]
        for i in range(result.size):
            one, other = first[i], second[i]  # both are read: a vector can
            result[i] = one if chosen[i] else other


@by_dtype(_kinds)
def _where(condition: Array, x: Array, y: Array, out: Array) -> None:
    shares = 1 if out.size <= ALONE else threads_allowed()
    parallel_for(shares, _share, shares, condition, x, y, out)


def where(condition: Array, x: Array, y: Array, *, out: Array | None = None) -> Array:
    """x where the bool ``condition`` holds, else y, in the shape that the three have together.

    TypeError unless x and y are both float32 or both float64.
    """
    checked("where", x, y)
    shape = np.broadcast(condition, x, y).shape
    result = output("where", out, shape, x.dtype)
    if y.size == 1:
        x = _of_shape(x, shape)
    else:
        x, y = x if x.size == 1 else _of_shape(x, shape), _of_shape(y, shape)
    rows = elements(_of_shape(condition, shape)), elements(x), elements(y)
    launch(_where[x.dtype], *rows, result.ravel())
    return result


def _of_shape(a: Array, shape: tuple[int, ...]) -> Array:
    return a if a.shape == shape else np.broadcast_to(a, shape)
