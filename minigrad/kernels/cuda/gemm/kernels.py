"""Matrix products and the linear layer: each checks its arrays and chooses a way to compute them.

pipelined    float32
simple       every size and dtype
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from minigrad.kernels.checks import check_beside_product, stacked_shape
from minigrad.kernels.cuda.bias import bias_leaky_relu_grad
from minigrad.kernels.cuda.gemm import pipelined, simple
from minigrad.kernels.cuda.product import columns
from minigrad.kernels.cuda.product.planning import serves
from minigrad.kernels.cuda.runtime.arrays import checked, contiguous, output, xp_of
from minigrad.types import Array, Both

__all__ = ["linear", "matmul", "matmul_add", "matmul_gate", "stacked_matmul"]


class Way(Protocol):
    """A module that computes products."""

    def matmul(self, x: Array, y: Array, z: Array) -> None:
        """z = x @ y."""

    def stacked_matmul(self, x: Array, y: Array, z: Array) -> None:
        """z[s] = x[s] @ y[s]; x and y have one item for each of z's, or one for all."""

    def matmul_gate(
        self, x: Array, y: Array, own: Array, slope: float, z: Array, sums: columns.ColumnSums
    ) -> None:
        """z = x @ y where own > 0, slope * (x @ y) elsewhere, and the sums of its columns."""

    def linear(self, x: Array, w: Array, b: Array, slope: float, y: Array) -> None:
        """y = leaky_relu(x @ w.T + b)."""


def way_for(x: Array, y: Array, z: Array) -> Way:
    """The fastest module that can compute a product z of x and y."""
    return pipelined if serves(x, y, z) else simple


def matmul(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """z[i, j] = sum over k of x[i, k] y[k, j].

    x (m, k), y (k, n) -> z (m, n), in ``out`` if given. ValueError if the shapes do not fit, TypeError unless
    both are float32 or both float64.
    """
    checked("matmul", x, y)
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[0]:
        raise ValueError(f"matmul: expected (m, k) and (k, n); got {x.shape} and {y.shape}")
    z = output("matmul", out, (x.shape[0], y.shape[1]), x)
    way_for(x, y, z).matmul(x, y, z)
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
    else:
        way_for(left, right, z).stacked_matmul(left, right, z.reshape(items, m, n))


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
    check_beside_product("matmul_gate", own, x, y)
    (m, n), given = own.shape, out or (None, None)
    z, gb = (output("matmul_gate", a, shape, x) for a, shape in zip(given, ((m, n), (n,)), strict=True))
    if z.size == 0 or not columns.fits(m):
        return bias_leaky_relu_grad(matmul(x, y, out=z), own, slope, out=(z, gb))
    own, sums = contiguous(own), columns.ColumnSums(z, gb)
    way_for(x, y, z).matmul_gate(x, y, own, slope, z, sums)
    sums.finish()
    return z, gb


def matmul_add(total: Array, x: Array, y: Array, *, out: Array | None = None) -> Array:
    """z = total + x @ y: total (m, n), x (m, k), y (k, n) -> z (m, n), in ``out`` if given.

    A product and an addition. ValueError if the shapes do not fit, TypeError unless all are float32 or all
    float64.
    """
    checked("matmul_add", total, x, y)
    check_beside_product("matmul_add", total, x, y)
    z = matmul(x, y, out=out)
    z += total
    return z


def linear(x: Array, w: Array, b: Array, slope: float, *, out: Array | None = None) -> Array:
    """y[i, j] = leaky_relu(b[j] + sum over k of x[i, k] w[j, k]); a slope of 1 leaves the sum as it is.

    x (m, k), w (n, k), b (n,) -> y (m, n), in ``out`` if given. Raises as matmul.
    """
    checked("linear", x, w, b)
    if x.ndim != 2 or w.ndim != 2 or x.shape[1] != w.shape[1] or b.shape != w.shape[:1]:
        raise ValueError(f"linear: expected (m, k), (n, k) and (n,); got {x.shape}, {w.shape} and {b.shape}")
    y = output("linear", out, (x.shape[0], w.shape[0]), x)
    way_for(x, w, y).linear(x, w, b, slope, y)
    return y
