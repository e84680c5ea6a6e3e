"""How two arrays of one shape are related: the verdict of a comparison, from its numbers alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Kind", "Relation", "relation", "shown"]

Kind = Literal[
    "both zero",
    "identical",
    "rounding",
    "close",
    "zero in A",
    "zero in B",
    "factor",
    "different",
    "not finite",
]

ROUNDINGS = 2000
"""Differences of up to this many roundings of the coarser dtype count as rounding."""

CLOSE = 1e-6
"""The largest difference of two arrays that are called equal, beyond rounding."""

Floats = NDArray[Any]


@dataclass(frozen=True)
class Relation:
    """What makes B of A.

    ``difference`` is the largest difference of two elements, as a share of the largest element of both.
    ``cosine`` is that of the angle between both, NaN where one of them is zero or not finite. Where ``kind``
    is "factor", ``factor`` is B / A, and ``size`` the number of elements.
    """

    kind: Kind
    norm_a: float
    norm_b: float
    difference: float
    cosine: float
    factor: float | None = None
    size: int = 0

    @property
    def is_same(self) -> bool:
        """Whether A and B are one array, but for rounding."""
        return self.kind in ("both zero", "identical", "rounding")

    def __str__(self) -> str:
        return f"{self.words}, cosine {shown(self.cosine)}" if self.kind == "different" else self.words

    @property
    def words(self) -> str:
        """The kind, with the factor or the rounding."""
        if self.kind == "factor":
            exact = " exactly" if self.difference == 0 else f" up to rounding, {self.difference:.0e}"
            return f"B is A times {self.factor:.6g}{exact if self.size > 1 else ''}"
        return {
            "both zero": "zero in both",
            "identical": "identical bit for bit",
            "rounding": f"equal up to rounding, {self.difference:.0e}",
            "close": f"equal within {self.difference:.0e}",
            "zero in A": "zero in A",
            "zero in B": "zero in B",
            "different": "different",
            "not finite": "not finite",
        }[self.kind]


def shown(cosine: float) -> str:
    """Three digits of a cosine, or more where three would be 1 or -1; nothing for NaN."""
    if math.isnan(cosine):
        return ""
    return f"{cosine:.3f}" if abs(cosine) < 0.9995 else f"{cosine:.9f}".rstrip("0").rstrip(".")


def relation(a: Floats, b: Floats) -> Relation:
    """The relation of ``a`` and ``b``, of one shape.

    For the kind "factor" the ``difference`` is that of ``a`` times the factor and ``b``.

    >>> str(relation(np.array([1.0, 3.0]), np.array([0.5, 1.5])))
    'B is A times 0.5 exactly'
    >>> str(relation(np.array([1.0, 3.0]), np.array([1.0, -3.0])))
    'different, cosine -0.800'

    Raises ValueError for arrays of two shapes.
    """
    if a.shape != b.shape:
        raise ValueError(f"relation: A has shape {a.shape}, B {b.shape}; compare arrays of one shape")
    eps = max(float(np.finfo(x.dtype).eps) for x in (a, b))
    a, b = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    norm_a, norm_b = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return Relation("not finite", norm_a, norm_b, math.nan, math.nan)
    if not norm_a or not norm_b:
        kind: Kind = "zero in A" if norm_b else "zero in B" if norm_a else "both zero"
        return Relation(kind, norm_a, norm_b, 0.0 if kind == "both zero" else 1.0, math.nan)
    cosine = max(-1.0, min(1.0, float(a / norm_a @ (b / norm_b))))
    difference, rounding = _difference(a, b), ROUNDINGS * eps
    if difference <= rounding:
        return Relation("identical" if not difference else "rounding", norm_a, norm_b, difference, cosine)
    if difference <= CLOSE:
        return Relation("close", norm_a, norm_b, difference, cosine)
    factor = float(b[np.argmax(abs(a))] / a[np.argmax(abs(a))])
    if factor and _difference(a * factor, b) <= rounding:
        nearest = round(factor, 9)
        factor = nearest if _difference(a * nearest, b) <= _difference(a * factor, b) else factor
        return Relation("factor", norm_a, norm_b, _difference(a * factor, b), cosine, factor, a.size)
    return Relation("different", norm_a, norm_b, difference, cosine)


def _difference(a: Floats, b: Floats) -> float:
    """The largest difference, as a share of the largest element."""
    return float(abs(a - b).max() / max(abs(a).max(), abs(b).max()))
