"""Pooling over images: means and maxima of windows, of fixed size or of a fixed number.

A window's sum or maximum is taken along one axis and then along the other, each from strided slices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np

from minigrad.apply import constant
from minigrad.devices import xp_of
from minigrad.ops.blocks import sum_blocks
from minigrad.ops.conv import PerAxis, pair
from minigrad.ops.elementwise import add, where
from minigrad.ops.rearrange import piece
from minigrad.ops.reduce import mean
from minigrad.ops.shape import concatenate, pad_constant
from minigrad.tensor import Tensor, describe
from minigrad.types import Array

__all__ = ["adaptive_avg_pool2d", "adaptive_max_pool2d", "avg_pool2d", "max_pool2d"]

Sides = int | Sequence[int | None] | None


class _Windows(NamedTuple):
    """The windows along one axis of ``length``: ``places`` of ``size`` elements, ``dilation`` apart."""

    length: int
    size: int
    stride: int
    padding: int
    dilation: int
    places: int

    @property
    def reach(self) -> int:
        """The length from the padding before to the end of the last window."""
        return (self.places - 1) * self.stride + self.dilation * (self.size - 1) + 1

    def counts(self, padding_too: bool) -> list[int]:
        """The number of elements that each window has in the image, or in the padded image."""
        starts = [i * self.stride - self.padding for i in range(self.places)]
        ends = [min(start + self.size, self.length + self.padding) for start in starts]
        if padding_too:
            return [end - start for start, end in zip(starts, ends, strict=True)]
        return [
            min(end, self.length) - (start if start > 0 else 0)
            for start, end in zip(starts, ends, strict=True)
        ]


def avg_pool2d(
    x: Tensor,
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of x (..., h, w), giving (..., oh, ow), as PyTorch's.

    oh = (h + 2 padding - kernel_size) // stride + 1, rounded up with ``ceil_mode``; ``stride`` is kernel_size
    if None. Zeros of the padding count as elements unless ``count_include_pad`` is False;
    ``divisor_override`` stands for the number of elements. Raises ValueError for windows that do not fit,
    TypeError unless x holds floats.

    >>> import minigrad as mg
    >>> mg.ops.avg_pool2d(mg.tensor([[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]]), 2).tolist()
    [[[3.5, 5.5]]]
    """
    rows, columns = windows = _windows("avg_pool2d", x, kernel_size, stride, padding, 1, ceil_mode)
    if divisor_override is not None and divisor_override < 1:
        raise ValueError(f"avg_pool2d: divisor_override must be at least 1, got {divisor_override}")
    if divisor_override is None and all(
        w.stride == w.size and w.reach <= w.length and not w.padding for w in windows
    ):
        whole = piece(piece(x, x.ndim - 2, 0, rows.reach), x.ndim - 1, 0, columns.reach)
        scale = 1 / (rows.size * columns.size)
        return sum_blocks(whole, rows=rows.size, columns=columns.size, scale=scale)
    y = _padded(x, windows, 0.0)
    for axis, along in ((y.ndim - 2, rows), (y.ndim - 1, columns)):
        y = reduce(add, _slices(y, axis, along))
    if divisor_override is not None:
        return y * (1 / divisor_override)
    counts = [w.counts(count_include_pad) for w in windows]
    if all(len(set(c)) == 1 for c in counts):
        return y * (1 / (counts[0][0] * counts[1][0]))
    return y / constant(_areas, y, rows, columns, count_include_pad)


def _areas(y: Array, rows: _Windows, columns: _Windows, padding_too: bool) -> Array:
    """The number of elements of each window, (oh, ow)."""
    xp = xp_of(y)
    sides = []
    for along in (rows, columns):
        start = xp.arange(along.places) * along.stride - along.padding
        end = xp.minimum(start + along.size, along.length + along.padding)
        if not padding_too:
            start, end = xp.maximum(start, 0), xp.minimum(end, along.length)
        sides.append((end - start).astype(y.dtype))
    return sides[0].reshape(-1, 1) * sides[1]


def max_pool2d(
    x: Tensor,
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest element of each window of x (..., h, w), giving (..., oh, ow), as PyTorch's.

    oh = (h + 2 padding - dilation (kernel_size - 1) - 1) // stride + 1, rounded up with ``ceil_mode``;
    ``stride`` is kernel_size if None. Of equal elements the first gets the gradient, row by row. Raises
    ValueError for windows that do not fit, TypeError unless x holds floats.

    >>> import minigrad as mg
    >>> mg.ops.max_pool2d(mg.tensor([[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]]), 2).tolist()
    [[[6.0, 8.0]]]
    """
    windows = _windows("max_pool2d", x, kernel_size, stride, padding, dilation, ceil_mode)
    y = _padded(x, windows, float("-inf"))
    rows, columns = windows
    # columns first: of equal elements, the first row wins in the second step, and in it the first column
    for axis, along in ((y.ndim - 1, columns), (y.ndim - 2, rows)):
        y = reduce(first_larger, _slices(y, axis, along))
    return y


def first_larger(x: Tensor, y: Tensor) -> Tensor:
    """The larger of x and y; the gradient of a tie is x's. NaN is larger than any number."""
    return where(constant(_beats, y, x), y, x)


def _beats(y: Array, x: Array) -> Array:
    return (y > x) | (y != y)


def adaptive_avg_pool2d(x: Tensor, output_size: Sides) -> Tensor:
    """x (..., h, w) as the means of (oh, ow) windows that cover it evenly, as PyTorch's.

    Window i of oh has the rows floor(i h / oh) to ceil((i + 1) h / oh), not included; None keeps a side.
    Raises ValueError unless x has three axes or more and the sizes are at least 1, TypeError unless x holds
    floats.

    >>> import minigrad as mg
    >>> mg.ops.adaptive_avg_pool2d(mg.tensor([[[1.0, 2.0, 3.0, 5.0, 10.0]]]), (1, 2)).tolist()
    [[[2.0, 6.0]]]
    """
    _check("adaptive_avg_pool2d", x)
    h, w = x.shape[-2:]
    oh, ow = _sides("adaptive_avg_pool2d", x, output_size)
    if h % oh == 0 and w % ow == 0:
        rows, columns = max(h // oh, 1), max(w // ow, 1)
        return sum_blocks(x, rows=rows, columns=columns, scale=1 / (rows * columns))
    return _adaptive(x, (oh, ow), lambda x, axis: mean(x, axis=axis, keepdims=True))


def adaptive_max_pool2d(x: Tensor, output_size: Sides) -> Tensor:
    """x (..., h, w) as the maxima of (oh, ow) windows that cover it evenly: those of adaptive_avg_pool2d.

    Of equal elements of a window the first gets the gradient, row by row. Raises as adaptive_avg_pool2d.

    >>> import minigrad as mg
    >>> mg.ops.adaptive_max_pool2d(mg.tensor([[[1.0, 2.0, 3.0, 5.0, 10.0]]]), (1, 2)).tolist()
    [[[3.0, 10.0]]]
    """
    _check("adaptive_max_pool2d", x)
    return _adaptive(x, _sides("adaptive_max_pool2d", x, output_size), _first_maximum)


def _first_maximum(x: Tensor, axis: int) -> Tensor:
    """The largest element along ``axis``, of equal ones the first; neighbours are compared in pairs."""
    while x.shape[axis] > 1:
        length = x.shape[axis]
        even = length - length % 2
        pairs = first_larger(piece(x, axis, 0, even, 2), piece(x, axis, 1, even, 2))
        x = concatenate([pairs, piece(x, axis, even, length)], axis) if length % 2 else pairs
    return x


def _sides(name: str, x: Tensor, output_size: Sides) -> tuple[int, int]:
    """The number of windows along rows and columns."""
    both = (
        tuple(output_size) if isinstance(output_size, Sequence | np.ndarray) else (output_size, output_size)
    )
    if len(both) != 2:
        raise ValueError(
            f"{name}: output_size must be an integer >= 1, None, or a pair of them, got {output_size!r}"
        )
    rows, columns = (
        pair("output_size", length if wanted is None else wanted, least=1)[0]
        for length, wanted in zip(x.shape[-2:], both, strict=True)
    )
    return rows, columns


def _adaptive(x: Tensor, sides: tuple[int, int], over: Callable[[Tensor, int], Tensor]) -> Tensor:
    """What ``over`` makes of x: of each of sides[1] windows of columns, then of each of sides[0] of rows."""
    for axis, count in ((x.ndim - 1, sides[1]), (x.ndim - 2, sides[0])):  # columns first, as in max_pool2d
        length = x.shape[axis]
        if count == length:
            continue
        bounds = [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]
        x = concatenate([over(piece(x, axis, start, end), axis) for start, end in bounds], axis)
    return x


def _windows(
    name: str,
    x: Tensor,
    kernel_size: PerAxis,
    stride: PerAxis | None,
    padding: PerAxis,
    dilation: PerAxis,
    ceil_mode: bool,
) -> tuple[_Windows, _Windows]:
    """The windows along rows and columns, whose settings are checked."""
    _check(name, x)
    sizes = pair("kernel_size", kernel_size, least=1)
    strides = sizes if stride is None else pair("stride", stride, least=1)
    settings = zip(
        x.shape[-2:],
        sizes,
        strides,
        pair("padding", padding, least=0),
        pair("dilation", dilation, least=1),
        strict=True,
    )
    found = []
    for length, k, s, p, d in settings:
        if 2 * p > k:
            raise ValueError(f"{name}: padding {p} must be at most half of kernel_size {k}")
        rest = length + 2 * p - d * (k - 1) - 1
        count = -(-rest // s) + 1 if ceil_mode else rest // s + 1
        if ceil_mode and (count - 1) * s >= length + p:
            count -= 1  # a window that would begin behind the image
        if count < 1 or (rest < 0 and not ceil_mode):
            raise ValueError(
                f"{name}: a window of {d * (k - 1) + 1} is larger than the padded input of {length + 2 * p}"
            )
        found.append(_Windows(length, k, s, p, d, count))
    return found[0], found[1]


def _check(name: str, x: Tensor) -> None:
    if x.ndim < 3:
        raise ValueError(f"{name}: x must be (n, c, h, w) or (c, h, w), got {x.shape}")
    if x.dtype.kind != "f":
        raise TypeError(f"{name}: x must be float32 or float64, got {describe(x)}")


def _padded(x: Tensor, windows: tuple[_Windows, _Windows], value: float) -> Tensor:
    """x with ``value`` around it, so that it ends with the last windows or later."""
    around = [(w.padding, max(w.reach - w.padding - w.length, 0)) for w in windows]
    if not any(side for sides in around for side in sides):
        return x
    return pad_constant(x, pad_width=((0, 0),) * (x.ndim - 2) + tuple(around), value=value)


def _slices(x: Tensor, axis: int, windows: _Windows) -> list[Tensor]:
    """The first elements of all windows, the second ones, ..."""
    span = (windows.places - 1) * windows.stride + 1
    starts = [i * windows.dilation for i in range(windows.size)]
    return [piece(x, axis, start, start + span, windows.stride) for start in starts]
