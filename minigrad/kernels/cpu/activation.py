"""Leaky ReLU and its gate, elementwise."""

from __future__ import annotations

from minigrad.kernels.checks import output
from minigrad.kernels.cpu.runtime.compiling import SMALL, checked, contiguous, jit, launch
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.types import Array

__all__ = ["leaky_gate", "leaky_relu"]

CHUNK = 1 << 15  # elements of one iteration; a smaller array runs on one thread


@inner_jit
def _relu(chunk: int, x: Array, slope: float, y: Array) -> None:
    factor, part = x.dtype.type(slope), slice(chunk * CHUNK, (chunk + 1) * CHUNK)
    own, result = x[part], y[part]
    for i in range(own.size):
        low = factor * own[i] if factor != 0 else factor  # 0 times infinity is NaN
        result[i] = low if own[i] <= 0 else own[i]


@jit
def _relu_chunks(x: Array, slope: float, y: Array) -> None:
    parallel_for((y.size + CHUNK - 1) // CHUNK, _relu, x, slope, y)


@inner_jit
def _gate(chunk: int, g: Array, x: Array, slope: float, y: Array) -> None:
    factor, part = x.dtype.type(slope), slice(chunk * CHUNK, (chunk + 1) * CHUNK)
    gradient, own, result = g[part], x[part], y[part]
    for i in range(own.size):
        low = factor * gradient[i] if factor != 0 else factor
        result[i] = gradient[i] if own[i] > 0 else low


@jit
def _gate_chunks(g: Array, x: Array, slope: float, y: Array) -> None:
    parallel_for((y.size + CHUNK - 1) // CHUNK, _gate, g, x, slope, y)


def leaky_relu(x: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = x where x > 0, slope * x elsewhere; 0 if slope is 0, at -infinity too.

    TypeError unless x is float32 or float64.
    """
    checked("leaky_relu", x)
    y = output("leaky_relu", out, x.shape, x.dtype)
    if y.size <= CHUNK:
        _relu_chunks(contiguous(x).reshape(-1), float(slope), y.reshape(-1))
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
        _gate_chunks(*arrays, float(slope), y.reshape(-1))
    else:
        with launch(SMALL):
            _gate_chunks(*arrays, float(slope), y.reshape(-1))
    return y
