"""The sizes of images that networks are built for."""

from __future__ import annotations

from gans.errors import UserError

__all__ = ["LARGEST", "SMALLEST", "check_sides", "fits"]

SMALLEST, LARGEST = 8, 64
"""Pixels of the shortest and of the longest side."""


def fits(height: int, width: int) -> bool:
    """Whether both sides have from 8 to 64 pixels."""
    return min(height, width) >= SMALLEST and max(height, width) <= LARGEST


def check_sides(name: str, height: int, width: int) -> None:
    """Raise UserError unless both sides have from 8 to 64 pixels."""
    if not fits(height, width):
        raise UserError(
            f"{name}: images of {height} x {width} pixels, expected {SMALLEST} to {LARGEST} a side; bring "
            "them to such a size first"
        )
