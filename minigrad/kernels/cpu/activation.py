"""Leaky ReLU and its gate, elementwise."""

from __future__ import annotations

import numba

from minigrad.kernels import output
from minigrad.kernels.cpu.compiling import (
    SMALL,
    Array,
    checked,
    contiguous,
    jit,
    launch,
    parallel_jit,
)

CHUNK = 1 << 15  # elements that one iteration owns; fewer in all run on one thread


@jit
def _relu(x: Array, slope: float, y: Array) -> None:
    factor = x.dtype.type(slope)
    for i in range(y.size):
        low = factor * x[i] if factor != 0 else factor  # 0 times infinity is NaN
        y[i] = low if x[i] <= 0 else x[i]


@jit
def _gate(g: Array, x: Array, slope: float, y: Array) -> None:
    factor = x.dtype.type(slope)
    for i in range(y.size):
        low = factor * g[i] if factor != 0 else factor
        y[i] = g[i] if x[i] > 0 else low


@parallel_jit
def _relu_chunks(x: Array, slope: float, y: Array) -> None:
    for chunk in numba.prange((y.size + CHUNK - 1) // CHUNK):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _relu(x[part], slope, y[part])


@parallel_jit
def _gate_chunks(g: Array, x: Array, slope: float, y: Array) -> None:
    for chunk in numba.prange((y.size + CHUNK - 1) // CHUNK):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _gate(g[part], x[part], slope, y[part])


def leaky_relu(x: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = x where x > 0, slope * x elsewhere; 0 if slope is 0, at -infinity too.

    TypeError unless x is float32 or float64.
    """
    checked("leaky_relu", x)
    y = output("leaky_relu", out, x.shape, x.dtype)
    if y.size <= CHUNK:
        _relu(contiguous(x).reshape(-1), float(slope), y.reshape(-1))
    else:
        with launch(SMALL):
            _relu_chunks(contiguous(x).reshape(-1), float(slope), y.reshape(-1))
    return y


def leaky_gate(g: Array, x: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = g where x > 0, slope * g elsewhere; g and x of one shape. leaky_relu's derivative by x, times g.

    TypeError unless both are float32 or both float64, ValueError if the shapes differ.
    """
    checked("leaky_gate", g, x)
    if g.shape != x.shape:
        raise ValueError(f"leaky_gate: expected g and x of one shape; got {g.shape} and {x.shape}")
    y = output("leaky_gate", out, x.shape, x.dtype)
    arrays = contiguous(g).reshape(-1), contiguous(x).reshape(-1)
    if y.size <= CHUNK:
        _gate(*arrays, float(slope), y.reshape(-1))
    else:
        with launch(SMALL):
            _gate_chunks(*arrays, float(slope), y.reshape(-1))
    return y
