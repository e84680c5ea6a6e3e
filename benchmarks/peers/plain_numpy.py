"""minigrad on its reference kernels, which are plain NumPy."""

from __future__ import annotations

from contextlib import AbstractContextManager

from benchmarks.peers.engine import KERNELS, array, place, training
from minigrad.dispatch import use_kernels

__all__ = ["KERNELS", "array", "place", "training", "within"]


def within() -> AbstractContextManager[None]:
    """Reference kernels in place of the compiled ones."""
    return use_kernels("reference")
