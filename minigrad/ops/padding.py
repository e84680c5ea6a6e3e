"""Padding of arrays: with a number, their mirror image, their border or their other end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.ops.shape import broadcast_to, concatenate, getitem, pad_constant
from minigrad.tensor import Tensor

__all__ = ["pad"]


def pad(x: Any, pad_width: Any, mode: str = "constant", value: float = 0.0) -> Tensor:
    """x with padding around it; ``pad_width`` as in numpy.pad: (before, after) for each axis or for all.

    ``mode`` is PyTorch's: "constant" puts ``value`` there, "reflect" the mirror image without the border
    (c b | a b c | b a), "replicate" the border (a a | a b c | c c), "circular" the other end (b c | a b c |
    a b). Raises ValueError for an unknown mode and where an axis is too short for it.

    >>> import minigrad as mg
    >>> mg.ops.pad(mg.tensor([1, 2, 3]), 2, mode="reflect").numpy().tolist()
    [3, 2, 1, 2, 3, 2, 1]
    """
    if mode == "constant":
        return pad_constant(x, pad_width=pad_width, value=value)
    if mode not in _MODES:
        raise ValueError(f"pad: there is no mode {mode!r}; choose constant, {', '.join(_MODES)}")
    if value != 0:
        raise ValueError(f"pad: mode {mode!r} takes no value, got {value}")
    widths = np.broadcast_to(pad_width, (x.ndim, 2)).tolist()
    for axis, (before, after) in enumerate(widths):
        if before or after:
            x = _padded(x, axis, before, after, mode)
    return x


def _padded(x: Tensor, axis: int, before: int, after: int, mode: str) -> Tensor:
    length = x.shape[axis]
    sides, spare = _MODES[mode]
    if min(before, after) < 0 or max(before, after) > spare(length):
        raise ValueError(
            f"pad: mode {mode!r} adds at most {spare(length)} to an axis of length {length}, got "
            f"({before}, {after}) for axis {axis} of shape {x.shape}"
        )
    left, right = sides(x, axis, before, after)
    parts = ([left] if before else []) + [x] + ([right] if after else [])
    return concatenate(parts, axis)


def _mirrored(x: Tensor, axis: int, before: int, after: int) -> tuple[Tensor, Tensor]:
    last = x.shape[axis] - 1
    end = last - 1 - after
    return _slice(x, axis, before, 0, -1), _slice(x, axis, last - 1, end if end >= 0 else None, -1)


def _border(x: Tensor, axis: int, before: int, after: int) -> tuple[Tensor, Tensor]:
    def repeated(edge: Tensor, count: int) -> Tensor:
        return broadcast_to(edge, shape=(*x.shape[:axis], count, *x.shape[axis + 1 :]))

    length = x.shape[axis]
    return (
        repeated(_slice(x, axis, 0, 1), before),
        repeated(_slice(x, axis, length - 1, length), after),
    )


def _other_end(x: Tensor, axis: int, before: int, after: int) -> tuple[Tensor, Tensor]:
    length = x.shape[axis]
    return _slice(x, axis, length - before, length), _slice(x, axis, 0, after)


def _slice(x: Tensor, axis: int, start: int, stop: int | None, step: int = 1) -> Tensor:
    return getitem(x, index=(*(slice(None),) * axis, slice(start, stop, step)))


Sides = Callable[[Tensor, int, int, int], tuple[Tensor, Tensor]]

_MODES: dict[str, tuple[Sides, Callable[[int], int]]] = {
    "reflect": (_mirrored, lambda length: max(length - 1, 0)),
    "replicate": (_border, lambda length: 2**31 if length else 0),
    "circular": (_other_end, lambda length: length),
}
"""What each mode puts on both sides of an axis, and how much it has for a side."""
