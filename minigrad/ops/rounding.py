"""Rounding, signs and remainders: functions that are constant between their jumps."""

from __future__ import annotations

from minigrad.devices import xp_of
from minigrad.op import op
from minigrad.types import Array

__all__ = ["ceil", "floor", "floor_divide", "remainder", "round", "sign"]


@op
def floor(x: Array) -> Array:
    """The largest whole number that is at most x; its derivative is zero.

    >>> import minigrad as mg
    >>> mg.ops.floor(mg.tensor([1.5, -1.5])).tolist()
    [1.0, -2.0]
    """
    return xp_of(x).floor(x) if x.dtype.kind == "f" else x.copy()


@op
def ceil(x: Array) -> Array:
    """The smallest whole number that is at least x; its derivative is zero.

    >>> import minigrad as mg
    >>> mg.ops.ceil(mg.tensor([1.5, -1.5])).tolist()
    [2.0, -1.0]
    """
    return xp_of(x).ceil(x) if x.dtype.kind == "f" else x.copy()


@op
def round(x: Array, *, decimals: int = 0) -> Array:
    """x rounded to ``decimals`` places, a half to the even neighbour; its derivative is zero.

    >>> import minigrad as mg
    >>> mg.ops.round(mg.tensor([0.5, 1.5, 2.5])).tolist(), mg.ops.round(mg.tensor([26]), decimals=-1).tolist()
    ([0.0, 2.0, 2.0], [30])
    """
    return x.copy() if x.dtype.kind != "f" and decimals >= 0 else x.round(decimals)


@op
def sign(x: Array, *, out: Array | None = None) -> Array:
    """-1, 0 or 1; its derivative is zero.

    >>> import minigrad as mg
    >>> mg.ops.sign(mg.tensor([-2.0, 0.0, 3.0])).tolist()
    [-1.0, 0.0, 1.0]
    """
    return xp_of(x).sign(x, out=out)


floor.vjp(x=None)
ceil.vjp(x=None)
round.vjp(x=None)
sign.vjp(x=None)


@op
def floor_divide(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """floor(x / y), as Python's ``//``; its derivative is zero.

    >>> import minigrad as mg
    >>> mg.ops.floor_divide(mg.tensor([7, -7]), 2).tolist()
    [3, -4]
    """
    return xp_of(x).floor_divide(x, y, out=out)


floor_divide.vjp(x=None, y=None)


@op
def remainder(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """x - y floor(x / y), with the sign of y, as Python's ``%``.

    >>> import minigrad as mg
    >>> mg.ops.remainder(mg.tensor([7, -7]), 3).tolist(), mg.ops.remainder(mg.tensor([7, -7]), -3).tolist()
    ([1, 2], [-2, -1])
    """
    return xp_of(x).remainder(x, y, out=out)


remainder.vjp(x=lambda g, out, x, y: g, y=lambda g, out, x, y: -(g * (x // y)))
