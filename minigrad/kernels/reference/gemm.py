"""Products of matrices, alone or with a bias, an activation or a gate."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.checks import check_beside_product
from minigrad.kernels.products import product
from minigrad.kernels.reference.activation import leaky_relu
from minigrad.kernels.reference.arrays import put
from minigrad.kernels.reference.bias import bias_leaky_relu_grad
from minigrad.types import Array, Both

__all__ = ["linear", "matmul", "matmul_add", "matmul_gate", "stacked_matmul"]

LONG = 1 << 10  # products whose sum stays in float32


def matmul(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """z[i, j] = sum over k of x[i, k] y[k, j].

    x (m, k), y (k, n) -> z (m, n), in ``out`` if given. ValueError if the shapes do not fit.
    """
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[0]:
        raise ValueError(f"matmul: expected (m, k) and (k, n); got {x.shape} and {y.shape}")
    return put("matmul", _product(x, y), out)


def stacked_matmul(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """numpy.matmul: z[..., i, j] = sum over k of x[..., i, k] y[..., k, j].

    x (..., m, k), y (..., k, n) -> z (..., m, n), in ``out`` if given. Axes before the last two are
    broadcast; an operand of one axis is a row x or a column y, and z lacks that axis. ValueError if the
    shapes do not fit.
    """
    return put("stacked_matmul", _product(x, y), out)


def matmul_gate(x: Array, y: Array, own: Array, slope: float, *, out: Both | None = None) -> Both:
    """bias_leaky_relu_grad of a product: z = x @ y where own > 0, slope * (x @ y) elsewhere; and sums over i.

    z[i, j] as in matmul, sums[j] = sum over i of z[i, j]; x (m, k), y (k, n), own (m, n) -> (z, sums), in
    ``out`` if given. ValueError if the shapes do not fit.
    """
    return bias_leaky_relu_grad(matmul(x, y), own, slope, out=out)


def matmul_add(total: Array, x: Array, y: Array, *, out: Array | None = None) -> Array:
    """z = total + x @ y: total (m, n), x (m, k), y (k, n) -> z (m, n), in ``out`` if given.

    ValueError if the shapes do not fit.
    """
    check_beside_product("matmul_add", total, x, y)
    return put("matmul_add", total + matmul(x, y), out)


def linear(x: Array, w: Array, b: Array, slope: float, *, out: Array | None = None) -> Array:
    """y[i, j] = leaky_relu(b[j] + sum over k of x[i, k] w[j, k]); a slope of 1 is no activation.

    x (m, k), w (n, k), b (n,) -> y (m, n), in ``out`` if given. ValueError if the shapes do not fit.
    """
    if x.ndim != 2 or w.ndim != 2 or x.shape[1] != w.shape[1] or b.shape != w.shape[:1]:
        raise ValueError(f"linear: expected (m, k), (n, k) and (n,); got {x.shape}, {w.shape} and {b.shape}")
    return put("linear", leaky_relu(matmul(x, w.T) + b, slope), out)


def _product(x: Array, y: Array) -> Array:
    """numpy.matmul; of float32, longer sums than LONG in parts, which are added in float64."""
    depth = x.shape[-1]
    if x.dtype.char != "f" or depth <= LONG or y.shape[max(y.ndim - 2, 0)] != depth:
        return np.asarray(product(x, y), order="C")
    parts = [slice(first, first + LONG) for first in range(0, depth, LONG)]
    rows = [y[part] if y.ndim == 1 else y[..., part, :] for part in parts]
    pairs = zip(parts, rows, strict=True)
    total = sum(product(x[..., part], own).astype(np.float64) for part, own in pairs)
    return np.asarray(total, x.dtype, order="C")
