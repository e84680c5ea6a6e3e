"""The brightest and the darkest pixel around each pixel of images (n, c, h, w)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["brightest_of_cross", "brightest_of_square", "darkest_of_square"]

Pixels = npt.NDArray[Any]


def brightest_of_square(x: Pixels) -> Pixels:
    """The largest value among each pixel and its eight neighbours: grey dilation."""
    return _along(_along(x, 2, np.maximum), 3, np.maximum)


def darkest_of_square(x: Pixels) -> Pixels:
    """The smallest value among each pixel and its eight neighbours: grey erosion."""
    return _along(_along(x, 2, np.minimum), 3, np.minimum)


def brightest_of_cross(x: Pixels) -> Pixels:
    """The largest value among each pixel and its four neighbours."""
    found: Pixels = np.maximum(_along(x, 2, np.maximum), _along(x, 3, np.maximum))
    return found


def _along(x: Pixels, axis: int, choose: Callable[..., Any]) -> Pixels:
    """``choose`` among each pixel and the two beside it along an axis; what lies outside does not count."""
    y = x.copy()
    first: list[slice] = [slice(None)] * x.ndim
    second = list(first)
    first[axis], second[axis] = slice(None, -1), slice(1, None)
    before, after = tuple(first), tuple(second)
    choose(y[before], x[after], out=y[before])
    choose(y[after], x[before], out=y[after])
    return y
