"""What all ways to compute a convolution take: its three arrays and its geometry."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from minigrad.kernels.geometry import Geometry
from minigrad.types import Array, Pair

Numbers = tuple[np.int32, ...]


def numbers_of(geometry: Geometry) -> Numbers:
    """GEOMETRY of ``geometry.cuh``."""
    return int32s(*geometry.stride, *geometry.padding, *geometry.dilation)


def hops_of(geometry: Geometry) -> Pair:
    """From a tap to the next one that meets the same phase of a transposed convolution."""
    down, across = (s // math.gcd(s, d) for s, _, d in geometry.axes())
    return down, across


class Convolution(NamedTuple):
    """small = conv2d(large, w), of which two arrays are given and the third is to be filled.

    large (n, c, h, w), w (o, c / groups, kh, kw), small (n, o, oh, ow). ``conv2d`` fills ``small``; its
    adjoints ``conv_transpose2d`` and ``conv2d_weight`` fill ``large`` and ``w``.
    """

    large: Array
    w: Array
    small: Array
    geometry: Geometry

    @property
    def sizes(self) -> Numbers:
        """SIZES of ``geometry.cuh`` for ``conv2d`` and ``conv2d_weight``."""
        groups, (o, c) = self.geometry.groups, self.w.shape[:2]
        return self._sizes(c, o // groups, self.large, self.small)

    @property
    def adjoint_sizes(self) -> Numbers:
        """SIZES of ``geometry.cuh`` for ``conv_transpose2d``, which reads ``small`` and fills ``large``."""
        groups, (c, o) = self.geometry.groups, self.w.shape[:2]
        return self._sizes(c // groups, o, self.small, self.large)

    def _sizes(self, c: int, o: int, read: Array, written: Array) -> Numbers:
        kernel = self.w.shape[2:]
        check_taps(c, kernel)
        return int32s(len(read), self.geometry.groups, c, o, *read.shape[2:], *kernel, *written.shape[2:])


def check_taps(c: int, kernel: tuple[int, ...]) -> None:
    """Raise OverflowError if a kernel of c channels has more taps than an int of the device code counts."""
    int32s(c * math.prod(kernel))


def int32s(*numbers: int) -> Numbers:
    """The numbers as kernels take them. Raises OverflowError beyond 32 bits."""
    return tuple(np.int32(number) for number in numbers)
