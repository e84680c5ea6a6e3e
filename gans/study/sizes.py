"""The sizes that an explanation's networks may have."""

from __future__ import annotations

from typing import TypedDict

__all__ = ["SIZES", "Sizes"]


class Sizes(TypedDict, total=False):
    """Settings that change sizes and weights of a step, and not what it does."""

    latent: int
    features: int
    base: int
    penalty: float


SIZES = tuple(Sizes.__annotations__)
