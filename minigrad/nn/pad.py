"""Padding around images."""

from __future__ import annotations

from typing import ClassVar

from minigrad import ops
from minigrad.nn.module import Module
from minigrad.nn.naming import named, sizes_of
from minigrad.tensor import Tensor

__all__ = ["CircularPad2d", "ConstantPad2d", "ReflectionPad2d", "ReplicationPad2d", "ZeroPad2d"]

Padding = int | tuple[int, int, int, int]


class _Pad2d(Module):
    """The base of the five layers: the widths, their checks, and ``ops.pad`` with ``mode``."""

    mode: ClassVar[str] = "constant"

    def __init__(self, padding: Padding) -> None:
        self.padding = sizes_of(self, "padding", padding, 4, 0)

    def forward(self, x: Tensor) -> Tensor:
        return self._pad(x, 0.0)

    def _pad(self, x: Tensor, value: float) -> Tensor:
        if x.ndim not in (3, 4):
            raise ValueError(f"{self!r}: expected an input (n, c, h, w) or (c, h, w), got {x.shape}")
        left, right, top, bottom = self.padding
        widths = ((0, 0),) * (x.ndim - 2) + ((top, bottom), (left, right))
        with named(self):
            return ops.pad(x, widths, self.mode, value)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(_Pad2d):
    """Zeros around images: x (n, c, h, w) or (c, h, w) -> (..., top + h + bottom, left + w + right).

    ``padding``, in pixels, is an integer or (left, right, top, bottom); a negative one raises ValueError, as
    does an input of another shape.

    >>> import minigrad as mg
    >>> mg.nn.ZeroPad2d((1, 0, 0, 1))(mg.tensor([[[1.0, 2.0]]])).tolist()  # one at the left, one below
    [[[0.0, 1.0, 2.0], [0.0, 0.0, 0.0]]]
    """


class ConstantPad2d(_Pad2d):
    """``value`` around images; shapes, ``padding`` and what raises are as ZeroPad2d's.

    >>> import minigrad as mg
    >>> mg.nn.ConstantPad2d((1, 1, 0, 0), value=-1.0)(mg.tensor([[[1.0, 2.0]]])).tolist()
    [[[-1.0, 1.0, 2.0, -1.0]]]
    """

    def __init__(self, padding: Padding, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, x: Tensor) -> Tensor:
        return self._pad(x, self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ReflectionPad2d(_Pad2d):
    """Images with their mirror image around them, without the border pixels again.

    Shapes and ``padding`` are as ZeroPad2d's. Raises ValueError also for a padding that is not shorter than
    its side.

    >>> import minigrad as mg
    >>> mg.nn.ReflectionPad2d((2, 2, 0, 0))(mg.tensor([[[1.0, 2.0, 3.0]]])).tolist()
    [[[3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0]]]
    """

    mode = "reflect"


class ReplicationPad2d(_Pad2d):
    """Images with their border repeated around them.

    Shapes and ``padding`` are as ZeroPad2d's. Raises ValueError also for an image without pixels.

    >>> import minigrad as mg
    >>> mg.nn.ReplicationPad2d((2, 2, 0, 0))(mg.tensor([[[1.0, 2.0, 3.0]]])).tolist()
    [[[1.0, 1.0, 1.0, 2.0, 3.0, 3.0, 3.0]]]
    """

    mode = "replicate"


class CircularPad2d(_Pad2d):
    """Images continued at each side with the opposite side, as on a torus.

    Shapes and ``padding`` are as ZeroPad2d's. Raises ValueError also for a padding longer than its side.

    >>> import minigrad as mg
    >>> mg.nn.CircularPad2d((2, 2, 0, 0))(mg.tensor([[[1.0, 2.0, 3.0]]])).tolist()
    [[[2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0]]]
    """

    mode = "circular"
