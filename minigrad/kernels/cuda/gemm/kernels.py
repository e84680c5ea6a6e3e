"""The matrix product, alone or in stacks, and the linear layer, its bias and leaky ReLU within the product.

float32 is computed by ``pipelined``; the kernels of ``simple.cu`` take every size and float64.
"""

from __future__ import annotations

import math

import numpy as np

from minigrad.kernels import stacked_shape
from minigrad.kernels.cuda.bias import Both, bias_leaky_relu_grad
from minigrad.kernels.cuda.gemm import pipelined
from minigrad.kernels.cuda.product import columns
from minigrad.kernels.cuda.product.planning import serves
from minigrad.kernels.cuda.product.simple_tile import TILE, read, tiles
from minigrad.kernels.cuda.runtime.arrays import Array, checked, contiguous, output, xp_of
from minigrad.kernels.cuda.runtime.loading import Source

SOURCE = Source("gemm/simple.cu", TILE=TILE)


def matmul(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """z[i, j] = sum over k of x[i, k] y[k, j].

    x (m, k), y (k, n) -> z (m, n), in ``out`` if given. ValueError if the shapes do not fit, TypeError unless
    both are float32 or both float64.
    """
    checked("matmul", x, y)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[0]:
        raise ValueError(f"matmul: expected (m, k) and (k, n); got {x.shape} and {y.shape}")
    (m, depth), n = x.shape, y.shape[1]
    z = output("matmul", out, (m, n), x)
    if serves(x, y, z):
        pipelined.matmul(x, y, z)
    elif z.size:
        sizes = np.int64(m), np.int64(n), np.int64(depth)
        (x, x_steps), (y, y_steps) = read(x), read(y)
        SOURCE.launch("matmul", x.dtype, tiles(m, n), x, *x_steps, y, *y_steps, z, *sizes)
    return z


def stacked_matmul(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """numpy.matmul: z[..., i, j] = sum over k of x[..., i, k] y[..., k, j].

    x (..., m, k), y (..., k, n) -> z (..., m, n), in ``out`` if given. Axes before the last two are
    broadcast; an operand of one axis is a row x or a column y, and z lacks that axis. Raises as matmul.
    """
    checked("stacked_matmul", x, y)
    z = output("stacked_matmul", out, stacked_shape(x.shape, y.shape), x)
    if z.size:
        _multiply_stacks(x if x.ndim > 1 else x[None], y if y.ndim > 1 else y[:, None], z)
    return z


def _multiply_stacks(x: Array, y: Array, z: Array) -> None:
    """z = x @ y for operands of two axes or more."""
    (m, depth), n = x.shape[-2:], y.shape[-1]
    lead = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    items = math.prod(lead)
    left, right = _stack(x, lead), _stack(y, lead)
    if len(right) == 1 and (items == 1 or left.flags.c_contiguous):  # one product, of the rows of all items
        matmul(left.reshape(items * m, depth), right[0], out=z.reshape(items * m, n))
    elif serves(left, right, z):
        pipelined.stacked_matmul(left, right, z.reshape(items, m, n))
    else:
        (left, left_steps), (right, right_steps) = read(left), read(right)
        left_item, right_item = (np.int64(pipelined.item_step(a)) for a in (left, right))
        operands = left, left_item, *left_steps, right, right_item, *right_steps
        sizes = np.int64(m), np.int64(n), np.int64(depth)
        SOURCE.launch("stacked_matmul", z.dtype, items * tiles(m, n), *operands, z, *sizes)


def _stack(a: Array, lead: tuple[int, ...]) -> Array:
    """``a`` with one axis before the last two: of as many items as there are products, or of one for all."""
    own = math.prod(a.shape[:-2])
    if own not in (1, math.prod(lead)):
        a, own = xp_of(a).broadcast_to(a, (*lead, *a.shape[-2:])), math.prod(lead)
    return a.reshape(own, *a.shape[-2:])


def matmul_gate(x: Array, y: Array, own: Array, slope: float, *, out: Both | None = None) -> Both:
    """bias_leaky_relu_grad of a product: z = x @ y where own > 0, slope * (x @ y) elsewhere; and sums over i.

    z[i, j] as in matmul, sums[j] = sum over i of z[i, j]; x (m, k), y (k, n), own (m, n) -> (z, sums), in
    ``out`` if given. Raises as the two kernels do.
    """
    checked("matmul_gate", x, y, own)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[0] or own.shape != (x.shape[0], y.shape[1]):
        raise ValueError(
            f"matmul_gate: expected (m, k), (k, n) and (m, n); got {x.shape}, {y.shape} and {own.shape}"
        )
    (m, depth), n, given = x.shape, y.shape[1], out or (None, None)
    z, gb = (output("matmul_gate", a, shape, x) for a, shape in zip(given, ((m, n), (n,)), strict=True))
    if z.size == 0 or not columns.fits(m):
        return bias_leaky_relu_grad(matmul(x, y, out=z), own, slope, out=(z, gb))
    own, sums = contiguous(own), columns.ColumnSums(z, gb)
    if serves(x, y, z):
        pipelined.matmul_gate(x, y, own, slope, z, sums)
    else:
        (x, x_steps), (y, y_steps) = read(x), read(y)
        epilogue = own, x.dtype.type(slope), z, *sums.arguments
        sizes = np.int64(m), np.int64(n), np.int64(depth)
        SOURCE.launch("matmul_gate", x.dtype, tiles(m, n), x, *x_steps, y, *y_steps, *epilogue, *sizes)
    sums.finish()
    return z, gb


def linear(x: Array, w: Array, b: Array, slope: float, *, out: Array | None = None) -> Array:
    """y[i, j] = leaky_relu(b[j] + sum over k of x[i, k] w[j, k]); a slope of 1 leaves the sum as it is.

    x (m, k), w (n, k), b (n,) -> y (m, n), in ``out`` if given. Raises as matmul.
    """
    checked("linear", x, w, b)
    if x.ndim != 2 or w.ndim != 2 or x.shape[1] != w.shape[1] or b.shape != w.shape[:1]:
        raise ValueError(f"linear: expected (m, k), (n, k) and (n,); got {x.shape}, {w.shape} and {b.shape}")
    (m, depth), n = x.shape, w.shape[0]
    y = output("linear", out, (m, n), x)
    if serves(x, w, y):
        pipelined.linear(x, w, b, slope, y)
    elif y.size:
        (x, x_steps), (w, w_steps) = read(x), read(w)
        epilogue, sizes = (contiguous(b), x.dtype.type(slope)), (np.int64(m), np.int64(n), np.int64(depth))
        SOURCE.launch("linear", x.dtype, tiles(m, n), x, *x_steps, w, *w_steps, *epilogue, y, *sizes)
    return y
