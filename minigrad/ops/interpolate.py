"""Images and signals at another resolution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.apply import constant
from minigrad.devices import xp_of
from minigrad.ops.blocks import fill_blocks
from minigrad.ops.linalg import matmul
from minigrad.ops.padding import pad
from minigrad.ops.rearrange import piece, repeat
from minigrad.ops.shape import getitem, reshape, stack, swapaxes
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = ["interpolate"]

MODES = {"nearest": (3, 4, 5), "linear": (3,), "bilinear": (4,)}
"""How many axes x has in each mode."""


def interpolate(
    x: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """x (n, c, ...) at another resolution: "nearest", "linear" of (n, c, l), "bilinear" of (n, c, h, w).

    Either ``size`` or ``scale_factor`` is given, for all axes behind the second or for each; with a factor s
    an axis of n becomes floor(n s) long. Place i of the result is place i / s of x (nearest, rounded down),
    (i + 1/2) / s - 1/2, or i (n - 1) / (size - 1) with ``align_corners``; s is size / n where ``size`` is
    given, all as in PyTorch. Raises ValueError for a mode or sizes that do not fit x.

    >>> import minigrad as mg
    >>> mg.ops.interpolate(mg.tensor([[[1.0, 3.0]]]), scale_factor=2, mode="linear").numpy().tolist()
    [[[1.0, 1.5, 2.5, 3.0]]]
    """
    if mode not in MODES:
        raise ValueError(f"interpolate: there is no mode {mode!r}; choose {', '.join(MODES)}")
    if x.ndim not in MODES[mode]:
        raise ValueError(
            f"interpolate: mode {mode!r} needs x (n, c, ...) of {MODES[mode]} axes, got {x.shape}"
        )
    if mode == "nearest" and align_corners is not None:
        raise ValueError("interpolate: mode 'nearest' has no align_corners; leave it None")
    sizes, factors = _targets(x.shape[2:], size, scale_factor)
    if mode == "nearest" and x.dtype.kind == "f":
        x = _filled(x, sizes, factors)
    for axis, (length, factor) in enumerate(zip(sizes, factors, strict=True), 2):
        if mode == "nearest":
            x = _nearest(x, axis, length, factor)
        else:
            x = _linear(x, axis, length, factor, bool(align_corners))
    return x


def _targets(
    before: tuple[int, ...], size: int | Sequence[int] | None, scale_factor: float | Sequence[float] | None
) -> tuple[list[int], list[float | None]]:
    """The new length of each axis, and the factor where it was given."""
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate: give either size or scale_factor")
    given: Any = size if scale_factor is None else scale_factor
    each = list(given) if isinstance(given, Sequence | np.ndarray) else [given] * len(before)
    if len(each) != len(before):
        raise ValueError(f"interpolate: {given!r} has {len(each)} numbers for {len(before)} axes")
    lengths = each if scale_factor is None else [math.floor(n * s) for n, s in zip(before, each, strict=True)]
    if min((*lengths, *before), default=1) < 1:
        raise ValueError(
            f"interpolate: axes of {list(before)} would become {lengths}; all must be at least 1"
        )
    lengths = [int(n) for n in lengths]
    return lengths, [None] * len(each) if scale_factor is None else [float(s) for s in each]


def _filled(x: Tensor, sizes: list[int], factors: list[float | None]) -> Tensor:
    """x with the last two of its axes enlarged by whole numbers, in one step, where that is all they need."""
    last = zip(x.shape[-2:], (x.shape[-2], *sizes)[-2:], (None, *factors)[-2:], strict=True)
    rows, columns = (length // n if _repeats(n, length, factor) else 1 for n, length, factor in last)
    return x if rows == columns == 1 else fill_blocks(x, rows=rows, columns=columns, scale=1.0)


def _repeats(n: int, length: int, factor: float | None) -> bool:
    """Whether each place of an axis of n is taken equally often; twice the length whatever the factor was."""
    return length == 2 * n or (length % n == 0 and factor in (None, length // n))


def _nearest(x: Tensor, axis: int, length: int, factor: float | None) -> Tensor:
    n = x.shape[axis]
    if length == n:  # whatever the factor was, as in PyTorch; so is twice the length
        return x
    if _repeats(n, length, factor):
        return repeat(x, length // n, axis)
    if n % length == 0 and factor in (None, length / n):
        return piece(x, axis, 0, n, n // length)
    places = constant(_nearest_places, x, n, length, factor)
    return getitem(x, index=(*(slice(None),) * axis, places))


def _nearest_places(x: Array, n: int, length: int, factor: float | None) -> Array:
    xp = xp_of(x)
    step = np.float32(n / length if factor is None else 1 / factor)  # in float32 as PyTorch's
    places = xp.floor(xp.arange(length).astype(np.float32) * step).astype(np.int64)
    smaller: Array = xp.minimum(places, n - 1)
    return smaller


def _linear(x: Tensor, axis: int, length: int, factor: float | None, align_corners: bool) -> Tensor:
    n = x.shape[axis]
    if length == n:  # whatever the factor was, as in PyTorch
        return x
    if length % n == 0 and factor in (None, length // n) and not align_corners:
        return _enlarged(x, axis, length // n)
    weights = constant(_hats, x, n, length, factor, align_corners)
    if axis == x.ndim - 1:
        return matmul(x, swapaxes(weights, 0, 1))  # (..., n) @ (n, length)
    return weights @ x  # (length, n) @ (n, w)


def _enlarged(x: Tensor, axis: int, factor: int) -> Tensor:
    """x between its neighbours, by a whole number: each phase is a mixture of two shifted copies."""
    n = x.shape[axis]
    around = pad(x, [(int(a == axis),) * 2 for a in range(x.ndim)], mode="replicate")
    phases = []
    for phase in range(factor):
        place = (phase + 0.5) / factor - 0.5
        first, share = (1, place) if place >= 0 else (0, place + 1)
        left = piece(around, axis, first, first + n)
        if share:
            right = piece(around, axis, first + 1, first + 1 + n)
            left = left * (1 - share) + right * share
        phases.append(left)
    return reshape(stack(phases, axis + 1), shape=(*x.shape[:axis], n * factor, *x.shape[axis + 1 :]))


def _hats(x: Array, n: int, length: int, factor: float | None, align_corners: bool) -> Array:
    """(length, n): the share of each old place in each new one, a hat function around the place it had."""
    xp = xp_of(x)
    places = xp.arange(length).astype(x.dtype)
    if align_corners:
        places = places * ((n - 1) / (length - 1) if length > 1 else 0.0)
    else:
        places = (places + 0.5) * (n / length if factor is None else 1 / factor) - 0.5
    places = xp.minimum(xp.maximum(places, 0), n - 1)
    away = xp.abs(places.reshape(-1, 1) - xp.arange(n).astype(x.dtype))
    hats: Array = xp.maximum(1 - away, 0).astype(x.dtype, copy=False)
    return hats
