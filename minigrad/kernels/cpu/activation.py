"""Leaky ReLU and its gate, elementwise."""

from __future__ import annotations

import numba
import numpy as np

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
def _gate(g: Array, x: Array, slope: float, y: Array) -> None:
    for i in range(y.size):
        y[i] = g[i] if x[i] > 0 else slope * g[i]


@parallel_jit
def _gate_chunks(g: Array, x: Array, slope: float, y: Array) -> None:
    for chunk in numba.prange((y.size + CHUNK - 1) // CHUNK):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _gate(g[part], x[part], slope, y[part])


def leaky_relu(x: Array, slope: float) -> Array:
    """y = x where x > 0, slope * x elsewhere. TypeError unless x is float32 or float64."""
    checked("leaky_relu", x)
    flat = contiguous(x).reshape(-1)
    return _run(flat, flat, slope, x.shape)


def leaky_gate(g: Array, x: Array, slope: float) -> Array:
    """y = g where x > 0, slope * g elsewhere; g and x of one shape. leaky_relu's derivative by x, times g.

    TypeError unless both are float32 or both float64, ValueError if the shapes differ.
    """
    checked("leaky_gate", g, x)
    if g.shape != x.shape:
        raise ValueError(f"leaky_gate: expected g and x of one shape; got {g.shape} and {x.shape}")
    return _run(contiguous(g).reshape(-1), contiguous(x).reshape(-1), slope, x.shape)


def _run(g: Array, x: Array, slope: float, shape: tuple[int, ...]) -> Array:
    y = np.empty(shape, x.dtype)
    factor = x.dtype.type(slope)
    if y.size <= CHUNK:
        _gate(g, x, factor, y.reshape(-1))
    else:
        with launch(SMALL):
            _gate_chunks(g, x, factor, y.reshape(-1))
    return y
