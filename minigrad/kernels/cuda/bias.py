"""A bias per channel with leaky ReLU, in one read and one write of memory, and its gradient."""

from __future__ import annotations

import math

import numpy as np

from minigrad.kernels.cuda.product import columns
from minigrad.kernels.cuda.runtime.arrays import blocks_for, checked, contiguous, output, slices_of, xp_of
from minigrad.kernels.cuda.runtime.loading import Source
from minigrad.types import Array, Both

__all__ = ["bias_leaky_relu", "bias_leaky_relu_grad", "scale_bias_leaky_relu"]

SOURCE = Source("bias.cu")


def bias_leaky_relu(x: Array, b: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = leaky_relu(x + b[c]): x (n, c, ...), b (c,) -> y of x's shape; ``out`` may be x itself.

    TypeError unless both are float32 or both float64, ValueError if b does not fit.
    """
    checked("bias_leaky_relu", x, b)
    if b.shape != x.shape[1:2]:
        raise ValueError(f"bias_leaky_relu: x {x.shape} needs a bias {x.shape[1:2]}; got {b.shape}")
    y = output("bias_leaky_relu", out, x.shape, x)
    if y.size:
        arrays, sizes = (contiguous(x), contiguous(b)), (np.int32(b.size), np.int32(math.prod(x.shape[2:])))
        slope_number = x.dtype.type(slope)
        SOURCE.launch(
            "bias_leaky_relu", x.dtype, blocks_for(y.size), *arrays, slope_number, y, *sizes, np.int64(y.size)
        )
    return y


def scale_bias_leaky_relu(x: Array, s: Array, b: Array, slope: float, *, out: Array | None = None) -> Array:
    """y = leaky_relu(s[c] x + b[c]): x (n, c, ...), s and b (c,) -> y of x's shape; ``out`` may be x itself.

    Two passes. TypeError unless all are float32 or all float64, ValueError if s or b does not fit.
    """
    checked("scale_bias_leaky_relu", x, s, b)
    if s.shape != x.shape[1:2]:
        raise ValueError(f"scale_bias_leaky_relu: x {x.shape} needs a scale {x.shape[1:2]}; got {s.shape}")
    return bias_leaky_relu(x * s.reshape(1, -1, *[1] * (x.ndim - 2)), b, slope, out=out)


def bias_leaky_relu_grad(g: Array, y: Array, slope: float, *, out: Both | None = None) -> Both:
    """The gradients of bias_leaky_relu, for the gradient g of its output y, by x and by b.

    gx = g where y > 0, slope * g elsewhere (the slope is at least 0); gb = sum of gx over all axes but 1.
    g and y (n, c, ...). Raises as bias_leaky_relu.
    """
    checked("bias_leaky_relu_grad", g, y)
    if g.shape != y.shape:
        raise ValueError(f"bias_leaky_relu_grad: expected g and y of one shape; got {g.shape} and {y.shape}")
    given_gx, given_gb = out or (None, None)
    gx = output("bias_leaky_relu_grad", given_gx, y.shape, y)
    gb = output("bias_leaky_relu_grad", given_gb, y.shape[1:2], y)
    if y.size == 0:
        gb.fill(0)
        return gx, gb
    channels, pixels = y.shape[1], math.prod(y.shape[2:])
    if pixels == 1 and columns.fits(len(y)):  # as in matmul_gate, whose sums are the same
        sums_of_columns = columns.ColumnSums(gx, gb)
        columns.gate(contiguous(g), contiguous(y), slope, gx, sums_of_columns)
        sums_of_columns.finish()
        return gx, gb
    count, dtype = y.size // channels, y.dtype
    slices = slices_of(count)
    sums = xp_of(y).empty(channels * slices, np.float64)
    sizes = np.int32(channels), np.int32(pixels), np.int64(count), np.int32(slices)
    arrays = contiguous(g), contiguous(y)
    blocks = channels * slices
    SOURCE.launch("bias_leaky_relu_grad", dtype, blocks, *arrays, dtype.type(slope), gx, sums, *sizes)
    SOURCE.launch("add_slices", dtype, blocks_for(channels), sums, gb, np.int32(channels), np.int32(slices))
    return gx, gb
