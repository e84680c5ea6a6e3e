"""The geometry of a convolution, and which shapes fit it: what the kernels of all backends check alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from minigrad.types import Pair

Shape = tuple[int, ...]


class Geometry(NamedTuple):
    """How a convolution's kernel walks over the images: each pair is (along the height, along the width)."""

    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1

    def axes(self) -> Iterator[tuple[int, int, int]]:
        """(stride, padding, dilation) along the height, then along the width."""
        return zip(self.stride, self.padding, self.dilation, strict=True)

    def check(self, name: str) -> None:
        """Raise ValueError for a number out of its range."""
        if min(self.stride) < 1 or min(self.dilation) < 1 or min(self.padding) < 0 or self.groups < 1:
            raise ValueError(
                f"{name}: stride, dilation and groups must be at least 1 and padding at least 0; "
                f"got stride={self.stride}, dilation={self.dilation}, groups={self.groups}, "
                f"padding={self.padding}"
            )


def output_size(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Number of places that a kernel takes along an axis of ``size`` elements: conv2d's output size."""
    return max((size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1, 0)


def conv2d_shape(x: Shape, w: Shape, geometry: Geometry) -> tuple[int, int, int, int]:
    """Shape (n, o, oh, ow) of conv2d(x, w) from the shapes of x and w; ValueError if they do not fit."""
    geometry.check("conv2d")
    if len(x) != 4 or len(w) != 4:
        raise ValueError(
            f"conv2d: expected images (n, c, h, w) and weights of 4 axes; got shapes {x} and {w}"
        )
    oh, ow = (
        output_size(size, kernel, *numbers)
        for size, kernel, numbers in zip(x[2:], w[2:], geometry.axes(), strict=True)
    )
    y = (x[0], w[0], oh, ow)
    check_convolution("conv2d", x, y, w, geometry)
    return y


def check_convolution(name: str, large: Shape, small: Shape, w: Shape, geometry: Geometry) -> None:
    """Raise ValueError unless the shapes fit one convolution: small = conv2d(large, w) or its top left part.

    large (n, c, h, w), small (n, o, oh, ow), w (o, c / groups, kh, kw).
    """
    geometry.check(name)
    groups = geometry.groups
    shapes = f"shapes {large} -> {small} with weights {w} and groups={groups}"
    if not len(large) == len(small) == len(w) == 4:
        raise ValueError(f"{name}: expected images (n, c, h, w) and weights of 4 axes; got {shapes}")
    if min(w[2:]) < 1:
        raise ValueError(f"{name}: the kernel must have at least one element; got {shapes}")
    if large[0] != small[0] or small[1] != w[0] or large[1] != w[1] * groups or w[0] % groups:
        raise ValueError(f"{name}: batch, channels and groups do not agree; got {shapes}")
    for axis, (stride, padding, dilation) in enumerate(geometry.axes()):
        most = output_size(large[2 + axis], w[2 + axis], stride, padding, dilation)
        if small[2 + axis] > most:
            raise ValueError(
                f"{name}: along the {('height', 'width')[axis]} a kernel of {w[2 + axis]} elements takes "
                f"at most {most} places in {large[2 + axis]} elements with stride={stride}, "
                f"padding={padding}, dilation={dilation}; got {shapes}"
            )
