"""Images with more around them."""

from __future__ import annotations

from typing import ClassVar

from minigrad import ops
from minigrad.nn.module import Module
from minigrad.nn.naming import named, sizes_of
from minigrad.tensor import Tensor

__all__ = ["CircularPad2d", "ConstantPad2d", "ReflectionPad2d", "ReplicationPad2d", "ZeroPad2d"]

Padding = int | tuple[int, int, int, int]


class _Pad2d(Module):
    """``padding`` is an integer, or (left, right, top, bottom); x is (n, c, h, w) or (c, h, w).

    Raises ValueError for an input of another shape, or one that has not as much as the mode takes from it.
    """

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
    __doc__ = f"Zeros around images. {_Pad2d.__doc__}"


class ConstantPad2d(_Pad2d):
    __doc__ = f"A number around images. {_Pad2d.__doc__}"

    def __init__(self, padding: Padding, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, x: Tensor) -> Tensor:
        return self._pad(x, self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ReflectionPad2d(_Pad2d):
    __doc__ = f"Images with their mirror image around them, without the border. {_Pad2d.__doc__}"
    mode = "reflect"


class ReplicationPad2d(_Pad2d):
    __doc__ = f"Images with their border repeated around them. {_Pad2d.__doc__}"
    mode = "replicate"


class CircularPad2d(_Pad2d):
    __doc__ = f"Images with their other end at each side. {_Pad2d.__doc__}"
    mode = "circular"
