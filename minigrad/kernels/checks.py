"""What the kernels of all backends check alike: results in given memory, and shapes that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.types import Array, Gradients


def output(name: str, out: Array | None, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """``out``, or a new array if it is None; ValueError unless C-contiguous, of this shape and dtype."""
    if out is None:
        return np.empty(shape, dtype)
    if out.shape != shape or out.dtype != dtype or not out.flags.carray:
        raise ValueError(
            f"{name}: expected out= to be a writeable, C-contiguous {dtype} array of shape {shape}; got "
            f"{out.dtype}, shape {out.shape}, C-contiguous={out.flags.c_contiguous}"
        )
    return out


def check_channels(name: str, x: Array, *channels: Array) -> None:
    """Raise ValueError unless each of ``channels`` has one number for each channel of x (n, c, ...)."""
    if any(a.shape != x.shape[1:2] for a in channels):
        raise ValueError(
            f"{name}: x {x.shape} has {x.shape[1]} channels; got {', '.join(str(a.shape) for a in channels)}"
        )


def check_means(name: str, x: Array, means: Array) -> None:
    """Raise ValueError unless ``means`` is float64 with two numbers for each channel of x (n, c, ...)."""
    if means.shape != (2, *x.shape[1:2]) or means.dtype != np.float64:
        raise ValueError(
            f"{name}: expected float64 means (2, {x.shape[1]}) for x {x.shape}; got {means.dtype}, shape "
            f"{means.shape}"
        )


def check_shares(name: str, x: Array, u: Array) -> None:
    """Raise TypeError unless ``u`` is float64, ValueError unless x (n, classes) has a class and u is (n,)."""
    if u.dtype != np.float64:
        raise TypeError(f"{name}: expected shares u in float64; got {u.dtype}")
    if x.ndim != 2 or not x.shape[1] or u.shape != x.shape[:1]:
        raise ValueError(f"{name}: expected logits (n, classes) and shares (n,); got {x.shape} and {u.shape}")


def check_gradient(name: str, p: Array, g: Gradients) -> None:
    """Raise ValueError unless g has p's shape or, if it is several, together as many elements."""
    if not isinstance(g, Sequence):
        if g.shape != p.shape:
            raise ValueError(f"{name}: expected a gradient of the parameter's shape {p.shape}; got {g.shape}")
    elif sum([a.size for a in g]) != p.size:
        raise ValueError(
            f"{name}: expected gradients with {p.size} elements together; got {[a.shape for a in g]}"
        )


def stacked_shape(x: tuple[int, ...], y: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of numpy.matmul's result for operands of these shapes; ValueError if they do not fit."""
    if not x or not y or x[-1] != y[-2:][0]:
        raise ValueError(f"matmul: expected (..., m, k) and (..., k, n); got {x} and {y}")
    try:
        lead = np.broadcast_shapes(x[:-2], y[:-2])
    except ValueError as error:
        raise ValueError(f"matmul: the first axes of {x} and {y} do not broadcast: {error}") from error
    return (*lead, *x[-2:-1], *y[1:][-1:])


def check_beside_product(name: str, beside: Array, x: Array, y: Array) -> None:
    """Raise ValueError unless x (m, k) and y (k, n) have a product of the shape of ``beside``, (m, n)."""
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[0] or beside.shape != (x.shape[0], y.shape[1]):
        raise ValueError(
            f"{name}: expected (m, k), (k, n) and, beside their product, (m, n); got {x.shape}, {y.shape} "
            f"and {beside.shape}"
        )


def check_blocks(name: str, x: Array, rows: int = 1, columns: int = 1) -> tuple[int, ...]:
    """The shape of x (..., h, w); ValueError unless blocks of rows x columns pixels part it evenly."""
    if x.ndim < 2 or x.shape[-2] % rows or x.shape[-1] % columns:
        raise ValueError(
            f"{name}: expected x (..., h, w) in whole blocks of {rows} x {columns}; got {x.shape}"
        )
    return x.shape
