"""Leaky ReLU and its gate, elementwise."""

from __future__ import annotations

from typing import Any

from numba import types

from minigrad.kernels.checks import output
from minigrad.kernels.cpu.runtime.compiling import by_dtype, checked, elements
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for, threads_allowed
from minigrad.kernels.launching import launch
from minigrad.types import Array

__all__ = ["leaky_gate", "leaky_relu"]

ALONE = 1 << 15  # elements that one thread computes while two are started
LINE = 64  # elements to a multiple of which the threads' shares are rounded


def _kinds(element: Any) -> tuple[Any, ...]:
    row = types.Array(element, 1, "C")
    return row, row, types.float64, row


@inner_jit
def _relu(share: int, shares: int, x: Array, slope: float, y: Array) -> None:
    """y = leaky_relu(x) for a share of the elements."""
    lines = (x.size + LINE - 1) // LINE
    part = slice(share * lines // shares * LINE, (share + 1) * lines // shares * LINE)
    own, result, factor = x[part], y[part], x.dtype.type(slope)
    for i in range(own.size):
        low = factor * own[i] if factor != 0 else factor  # 0 times infinity is NaN
        result[i] = low if own[i] <= 0 else own[i]


@by_dtype(lambda element: _kinds(element)[1:])
def _leaky_relu(x: Array, slope: float, y: Array) -> None:
    shares = 1 if x.size <= ALONE else threads_allowed()
    parallel_for(shares, _relu, shares, x, slope, y)


@inner_jit
def _gate(share: int, shares: int, g: Array, x: Array, slope: float, y: Array) -> None:
    """y = leaky_gate(g, x) for a share of the elements."""
    lines = (x.size + LINE - 1) // LINE
    part = slice(share * lines // shares * LINE, (share + 1) * lines // shares * LINE)
    gradient, own, result, factor = g[part], x[part], y[part], x.dtype.type(slope)
    for i in range(own.size):
        low = factor * gradient[i] if factor != 0 else factor
        result[i] = gradient[i] if own[i] > 0 else low


@by_dtype(_kinds)
def _leaky_gate(g: Array, x: Array, slope: float, y: Array) -> None:
    shares = 1 if x.size <= ALONE else threads_allowed()
    parallel_for(shares, _gate, shares, g, x, slope, y)


def leaky_relu(x: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = x where x > 0, slope * x elsewhere; 0 if slope is 0, at -infinity too.

    TypeError unless x is float32 or float64.
    """
    checked("leaky_relu", x)
    y = output("leaky_relu", out, x.shape, x.dtype)
    launch(_leaky_relu[x.dtype], elements(x), slope, y.ravel())
    return y


def leaky_gate(g: Array, x: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = g where x > 0, slope * g elsewhere; g and x of one shape. leaky_relu's derivative by x, times g.

    TypeError unless both are float32 or both float64, ValueError if the shapes differ.
    """
    checked("leaky_gate", g, x)
    if g.shape != x.shape:
        raise ValueError(f"leaky_gate: expected g and x of one shape; got {g.shape} and {x.shape}")
    y = output("leaky_gate", out, x.shape, x.dtype)
    launch(_leaky_gate[x.dtype], elements(g), elements(x), slope, y.ravel())
    return y
