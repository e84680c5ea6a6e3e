"""The matrix product, and the linear layer with its bias and leaky ReLU within the product, tile by tile.

float32 goes by the pipeline of `gemm_product`; the kernels of gemm.cu take every size and float64.
"""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cuda import gemm_product
from minigrad.kernels.cuda.arrays import Array, checked, contiguous, output
from minigrad.kernels.cuda.bias import Both, bias_leaky_relu_grad
from minigrad.kernels.cuda.loading import Source
from minigrad.kernels.cuda.products import serves

TILE = 64  # rows and columns of a result that a block owns
SOURCE = Source("gemm.cu", ("common.cuh", "tile.cuh"), TILE=TILE)

Steps = tuple[Array, np.int64, np.int64]


def matmul(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """z[i, j] = sum over k of x[i, k] y[k, j].

    x (m, k), y (k, n) -> z (m, n), in `out` if given. ValueError if the shapes do not fit, TypeError unless
    both are float32 or both float64.
    """
    checked("matmul", x, y)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[0]:
        raise ValueError(f"matmul: expected (m, k) and (k, n); got {x.shape} and {y.shape}")
    (m, depth), n = x.shape, y.shape[1]
    z = output("matmul", out, (m, n), x)
    if serves(x, y, z):
        gemm_product.matmul(x, y, z)
    elif z.size:
        sizes = np.int64(m), np.int64(n), np.int64(depth)
        SOURCE.launch("matmul", x.dtype, tiles(m, n), *_steps(x), *_steps(y), z, *sizes)
    return z


def matmul_gate(x: Array, y: Array, own: Array, slope: float, *, out: Both | None = None) -> Both:
    """bias_leaky_relu_grad of a product: z = x @ y where own > 0, slope * (x @ y) elsewhere; and sums over i.

    z[i, j] as in matmul, sums[j] = sum over i of z[i, j]; x (m, k), y (k, n), own (m, n) -> (z, sums), in
    `out` if given. Raises as the two kernels do.
    """
    checked("matmul_gate", x, y, own)
    given_z, given_sums = out or (None, None)
    z = matmul(x, y, out=given_z)
    return bias_leaky_relu_grad(z, own, slope, out=(z, output("matmul_gate", given_sums, z.shape[1:], z)))


def linear(x: Array, w: Array, b: Array, slope: float, *, out: Array | None = None) -> Array:
    """y[i, j] = leaky_relu(b[j] + sum over k of x[i, k] w[j, k]); a slope of 1 leaves the sum as it is.

    x (m, k), w (n, k), b (n,) -> y (m, n), in `out` if given. Raises as matmul.
    """
    checked("linear", x, w, b)
    if x.ndim != 2 or w.ndim != 2 or x.shape[1] != w.shape[1] or b.shape != w.shape[:1]:
        raise ValueError(f"linear: expected (m, k), (n, k) and (n,); got {x.shape}, {w.shape} and {b.shape}")
    (m, depth), n = x.shape, w.shape[0]
    y = output("linear", out, (m, n), x)
    if serves(x, w, y):
        gemm_product.linear(x, w, b, slope, y)
    elif y.size:
        arrays, slope_number = (*_steps(x), *_steps(w), contiguous(b)), x.dtype.type(slope)
        sizes = np.int64(m), np.int64(n), np.int64(depth)
        SOURCE.launch("linear", x.dtype, tiles(m, n), *arrays, slope_number, y, *sizes)
    return y


def tiles(rows: int, columns: int) -> int:
    """The blocks that cover a matrix."""
    return -(-rows // TILE) * -(-columns // TILE)


def _steps(a: Array) -> Steps:
    """A matrix's memory, from row to row, from column to column: read where it lies if it is contiguous."""
    rows, columns = a.shape
    if a.flags.f_contiguous and not a.flags.c_contiguous:
        return contiguous(a.T), np.int64(1), np.int64(rows)
    return contiguous(a), np.int64(columns), np.int64(1)
