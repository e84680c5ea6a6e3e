"""Pooling over images."""

from __future__ import annotations

from collections.abc import Sequence

from minigrad import ops
from minigrad.nn.module import Module
from minigrad.nn.naming import named, whole
from minigrad.tensor import Tensor

__all__ = ["AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "AvgPool2d", "MaxPool2d"]

Size = int | tuple[int, int]


class AvgPool2d(Module):
    """The mean of each window: x (n, c, h, w) or (c, h, w) -> (..., oh, ow), by ``ops.avg_pool2d``.

    ``oh = (h + 2 padding - kernel_size) // stride + 1``, rounded up with ``ceil_mode``; ``stride`` is
    kernel_size if None. Raises ValueError for windows that do not fit.

    >>> import minigrad as mg
    >>> x = mg.ops.reshape(mg.arange(16.0), (1, 4, 4))
    >>> mg.nn.AvgPool2d(2)(x).tolist()
    [[[2.5, 4.5], [10.5, 12.5]]]
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        self.kernel_size = whole(kernel_size)
        self.stride = self.kernel_size if stride is None else whole(stride)
        self.padding = whole(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, x: Tensor) -> Tensor:
        with named(self):
            return ops.avg_pool2d(
                x,
                self.kernel_size,
                self.stride,
                self.padding,
                self.ceil_mode,
                self.count_include_pad,
                self.divisor_override,
            )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxPool2d(Module):
    """The maximum of each window: x (n, c, h, w) or (c, h, w) -> (..., oh, ow), by ``ops.max_pool2d``.

    ``oh = (h + 2 padding - dilation (kernel_size - 1) - 1) // stride + 1``, rounded up with ``ceil_mode``;
    ``stride`` is kernel_size if None. Raises ValueError for windows that do not fit, and for
    ``return_indices``, which is not offered.

    >>> import minigrad as mg
    >>> x = mg.ops.reshape(mg.arange(16.0), (1, 4, 4))
    >>> mg.nn.MaxPool2d(2)(x).tolist()
    [[[5.0, 7.0], [13.0, 15.0]]]
    >>> mg.nn.MaxPool2d(3, stride=2, padding=1)(x).shape
    (1, 2, 2)
    """

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        if return_indices:
            raise ValueError("MaxPool2d: return_indices is not offered; the layer returns the maxima alone")
        self.kernel_size = whole(kernel_size)
        self.stride = self.kernel_size if stride is None else whole(stride)
        self.padding = whole(padding)
        self.dilation = whole(dilation)
        self.ceil_mode = ceil_mode

    def forward(self, x: Tensor) -> Tensor:
        with named(self):
            return ops.max_pool2d(
                x, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode
            )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class _AdaptivePool2d(Module):
    def __init__(self, output_size: int | Sequence[int | None] | None) -> None:
        self.output_size = whole(output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool2d(_AdaptivePool2d):
    """The means of ``output_size`` windows that cover x (n, c, h, w) or (c, h, w) evenly.

    A size is an integer or a pair (oh, ow), in which None keeps a side; see ``ops.adaptive_avg_pool2d``.

    >>> import minigrad as mg
    >>> mg.nn.AdaptiveAvgPool2d(1)(mg.tensor([[[1.0, 2.0], [3.0, 6.0]]])).tolist()  # the mean of each channel
    [[[3.0]]]
    >>> mg.nn.AdaptiveAvgPool2d((3, None))(mg.zeros((8, 2, 7, 5))).shape
    (8, 2, 3, 5)
    """

    def forward(self, x: Tensor) -> Tensor:
        with named(self):
            return ops.adaptive_avg_pool2d(x, self.output_size)


class AdaptiveMaxPool2d(_AdaptivePool2d):
    """The maxima of ``output_size`` windows that cover x (n, c, h, w) or (c, h, w) evenly.

    A size is an integer or a pair (oh, ow), in which None keeps a side; see ``ops.adaptive_max_pool2d``.

    >>> import minigrad as mg
    >>> mg.nn.AdaptiveMaxPool2d((1, 2))(mg.tensor([[[1.0, 2.0], [3.0, 6.0]]])).tolist()
    [[[3.0, 6.0]]]
    """

    def forward(self, x: Tensor) -> Tensor:
        with named(self):
            return ops.adaptive_max_pool2d(x, self.output_size)
