"""The matrix products on the CPU: each checks its arrays and chooses NumPy or ``blocks``."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels import launching
from minigrad.kernels.checks import check_beside_product, output, stacked_shape
from minigrad.kernels.cpu.bias import bias_leaky_relu, bias_leaky_relu_grad
from minigrad.kernels.cpu.gemm import blocks, few
from minigrad.kernels.cpu.gemm.operands import AS_IT_IS, activated, added, gated
from minigrad.kernels.cpu.runtime.compiling import DTYPES, checked, contiguous
from minigrad.kernels.cpu.runtime.memory import aligned
from minigrad.kernels.cpu.tiles.product import DEPTH
from minigrad.kernels.products import product
from minigrad.types import Array, Both

__all__ = ["linear", "matmul", "matmul_add", "matmul_gate", "stacked_matmul"]

TINY = 1 << 12  # multiplications up to which NumPy's product takes less time than the call of a kernel
LARGE = 1 << 20  # multiplications from which on a new result begins at a cache line
STACKED = 1 << 12  # terms that one call of numpy.matmul adds


def matmul(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """z[i, j] = sum over k of x[i, k] y[k, j].

    x (m, k), y (k, n) -> z (m, n), in ``out`` if given. ValueError if the shapes do not fit, TypeError unless
    both are float32 or both float64.
    """
    if x.dtype is not y.dtype or x.dtype not in DTYPES:  # else spare the call: small products take less
        checked("matmul", x, y)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[0]:
        raise ValueError(f"matmul: expected (m, k) and (k, n); got {x.shape} and {y.shape}")
    (m, depth), n, dtype = x.shape, y.shape[1], x.dtype
    work = m * depth * n
    z = _result("matmul", out, (m, n), dtype, work)
    if work <= TINY:
        launching.launch(product, x, y, z)
    else:
        blocks.multiply(x, y, AS_IT_IS[dtype], z)
    return z


def stacked_matmul(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """numpy.matmul: z[..., i, j] = sum over k of x[..., i, k] y[..., k, j].

    x (..., m, k), y (..., k, n) -> z (..., m, n), in ``out`` if given. Axes before the last two are
    broadcast; an operand of one axis is a row x or a column y, and z lacks that axis. Raises as matmul.
    """
    checked("stacked_matmul", x, y)
    z = output("stacked_matmul", out, stacked_shape(x.shape, y.shape), x.dtype)
    launching.launch(product if x.shape[-1] <= STACKED else _sum_blocks, x, y, z)
    return z


def _sum_blocks(x: Array, y: Array, z: Array) -> None:
    """numpy.matmul of long rows and columns, a block of them at a time: NumPy adds all terms one by one."""
    total, depth = np.zeros(z.shape), x.shape[-1]
    for first in range(0, depth, STACKED):
        own = slice(first, first + STACKED)
        total += product(x[..., own], y[own] if y.ndim == 1 else y[..., own, :])
    z[...] = total


def matmul_gate(x: Array, y: Array, own: Array, slope: float, *, out: Both | None = None) -> Both:
    """bias_leaky_relu_grad of a product: z = x @ y where own > 0, slope * (x @ y) elsewhere; and sums over i.

    z[i, j] as in matmul, sums[j] = sum over i of z[i, j]; x (m, k), y (k, n), own (m, n) -> (z, sums), in
    ``out`` if given. The numbers are those of the two kernels. Raises as they do.
    """
    checked("matmul_gate", x, y, own)
    check_beside_product("matmul_gate", own, x, y)
    (m, depth), n = x.shape, y.shape[1]
    work, given = m * depth * n, out or (None, None)
    z = _result("matmul_gate", given[0], (m, n), x.dtype, work)
    sums = output("matmul_gate", given[1], (n,), x.dtype)
    if work <= TINY or min(m, n) <= few.FEW:
        return bias_leaky_relu_grad(matmul(x, y, out=z), own, slope, out=(z, sums))
    blocks.multiply(x, y, gated(contiguous(own), float(slope), sums), z)
    return z, sums


def matmul_add(total: Array, x: Array, y: Array, *, out: Array | None = None) -> Array:
    """z = total + x @ y: total (m, n), x (m, k), y (k, n) -> z (m, n), in ``out`` if given.

    The numbers are those of matmul and of an addition behind it. ValueError if the shapes do not fit,
    TypeError unless all are float32 or all float64.
    """
    checked("matmul_add", total, x, y)
    check_beside_product("matmul_add", total, x, y)
    (m, depth), n = x.shape, y.shape[1]
    work = m * depth * n
    z = _result("matmul_add", out, (m, n), x.dtype, work)
    if work <= TINY or min(m, depth, n) <= few.FEW or depth > DEPTH:  # or blocks of terms are added
        np.add(total, matmul(x, y), out=z)
    else:
        blocks.multiply(x, y, added(contiguous(total)), z)
    return z


def linear(x: Array, w: Array, b: Array, slope: float, *, out: Array | None = None) -> Array:
    """y[i, j] = leaky_relu(b[j] + sum over k of x[i, k] w[j, k]); a slope of 1 leaves the sum as it is.

    x (m, k), w (n, k), b (n,) -> y (m, n), in ``out`` if given. Raises as matmul.
    """
    checked("linear", x, w, b)
    if x.ndim != 2 or w.ndim != 2 or x.shape[1] != w.shape[1] or b.shape != w.shape[:1]:
        raise ValueError(f"linear: expected (m, k), (n, k) and (n,); got {x.shape}, {w.shape} and {b.shape}")
    work = x.size * len(w)
    y = _result("linear", out, (len(x), len(w)), x.dtype, work)
    if work > 0:
        blocks.multiply(x, w.T, activated(contiguous(b), float(slope)), y)
        return y
    matmul(x, w.T, out=y)
    return bias_leaky_relu(y, b, slope, out=y)


def _result(name: str, out: Array | None, shape: tuple[int, ...], dtype: np.dtype[Any], work: int) -> Array:
    """``out``, or memory for the result of ``work`` multiplications."""
    if out is not None:
        return output(name, out, shape, dtype)
    return np.empty(shape, dtype) if work < LARGE else aligned(shape, dtype)
