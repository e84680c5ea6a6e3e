"""Winograd's minimal algorithms for two taps: their points, their matrices, and the tiles of an axis.

F(m, 2) finds m outputs of 2 taps along an axis with m + 1 products instead of 2 m. With g the taps, d the
inputs of a tile and * the product by elements, in two dimensions

    y = A^T ((G g G^T) * (B^T d B)) A

(Lavin and Gray 2016, "Fast algorithms for convolutional neural networks", section 4.1), and the gradient by
the taps is the adjoint, G^T ((A dy A^T) * (B^T d B)) G. An axis is cut into tiles of 4 outputs and, where
they waste less, of 3; these use the first points of those, and the same transformed taps.
"""

from __future__ import annotations

import os
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from minigrad.kernels.cpu.conv.tables import SizedGeometry, Table
from minigrad.kernels.cpu.conv.winograd.transform import Matrix
from minigrad.kernels.cpu.tiles.packing import rounded_up
from minigrad.kernels.cpu.tiles.registers import TILE
from minigrad.types import Array

enabled = os.environ.get("MINIGRAD_WINOGRAD", "1") != "0"
"""Whether convolutions may take this way. Set MINIGRAD_WINOGRAD=0 in the environment to turn it off.

``minigrad.ops.conv2d`` says how many digits it costs, and ``range`` which images do not take it.
"""

WIDE, NARROW = 4, 3  # outputs of the two kinds of tiles
_NODES = [Fraction(0), Fraction(1), Fraction(-1, 2), None, Fraction(-2)]
"""The points; None is infinity. Of all small fractions, in all orders, these gave the least error."""
POINTS = len(_NODES)

KERNEL = 16  # taps of a 4x4 kernel
TAPS: Table = np.array(
    [[(2 * a + b) * 4 + 2 * e + f for a in (0, 1) for e in (0, 1)] for b in (0, 1) for f in (0, 1)]
)
"""(4, 4): by remainder (b, f) of a 4x4 kernel's positions modulo 2, the numbers of its 2x2 taps (a, e)."""


MOVING = 30  # multiplications of a direct product that take as long as to transform a weight or a sum
TRANSFORMING = 32  # and as long as to transform an input
MULTIPLYING = 1.4  # and as long as one here: these pass through more memory
ONE_BY_ONE = 400  # and as long as to move an element of images that do not fill a vector
NARROW_BLOCK = 1.05  # times as long for each lane of a block of one vector: rows are loaded more often


class Least(NamedTuple):
    """The least sizes for which this way can pay: below them, transforming costs more than is saved."""

    channels: int
    places: int


FORWARD, TRANSPOSED, WEIGHT = Least(32, 4), Least(32, 6), Least(48, 5)


def fits(x: Array, channels: int, outputs: int, groups: int, geometry: SizedGeometry, least: Least) -> bool:
    """Whether this way is possible, and may be quicker than direct products: 4x4 kernels, stride 2, float32.

    It is then quicker if there are images enough to make up for the transformed weights.
    """
    if not enabled or x.dtype != np.float32 or groups != 1 or min(channels, outputs) < least.channels:
        return False
    shape = (geometry.kernel, geometry.stride, geometry.dilation)
    reading = max(geometry.padding) < 4  # every place of y reads something
    return shape == ((4, 4), (2, 2), (1, 1)) and reading and min(geometry.places) >= least.places


def lanes(images: int) -> int:
    """How many images a block has: a vector of them or a tile's, whichever takes less time."""
    one, whole = TILE.width // 4, TILE.lanes(4)
    return one if NARROW_BLOCK * rounded_up(images, one) < rounded_up(images, whole) else whole


def odd_lines(size: int) -> int:
    """The next size of an odd number of cache lines: arrays so far apart do not evict each other."""
    return (-(-size // 16) | 1) * 16


def output_matrix(outputs: int) -> Matrix:
    """A^T (outputs, outputs + 1): the powers of the points."""
    last = outputs - 1
    return [
        [Fraction(i == last) if a is None else a**i for a in _NODES[: outputs + 1]] for i in range(outputs)
    ]


def weight_matrix() -> Matrix:
    """G (5, 2): the values of a polynomial with the taps for coefficients, over ``_scale``."""
    return [[Fraction(0), Fraction(1)] if a is None else [1 / _scale(a), a / _scale(a)] for a in _NODES]


def input_matrix(outputs: int) -> Matrix:
    """B^T (outputs + 1, outputs + 1): the polynomials that are zero at all points but one."""
    points = _NODES[: outputs + 1]
    finite = [a for a in points if a is not None]
    rows = []
    for a in points:
        others = [b for b in finite if b != a]
        scale = Fraction(1) if a is None else _scale(a) / _value(others, a)
        rows.append([scale * factor for factor in _coefficients(others)] + [Fraction(0)] * (a is not None))
    return rows


def transposed(matrix: Matrix) -> Matrix:
    """The matrix with rows and columns exchanged."""
    return [list(column) for column in zip(*matrix, strict=True)]


def _scale(node: Fraction) -> Fraction:
    return _value([b for b in _NODES if b is not None and b != node], node)


def _value(roots: list[Fraction], at: Fraction) -> Fraction:
    value = Fraction(1)
    for root in roots:
        value *= at - root
    return value


def _coefficients(roots: list[Fraction]) -> list[Fraction]:
    """Those of the product of (x - root), the constant first."""
    polynomial = [Fraction(1)]
    for root in roots:
        shifted, scaled = [Fraction(0), *polynomial], [-root * a for a in polynomial] + [Fraction(0)]
        polynomial = [a + b for a, b in zip(shifted, scaled, strict=True)]
    return polynomial


class Axis(NamedTuple):
    """The tiles of an axis: the wide ones first."""

    wide: int
    starts: Table  # (tiles,) the first output of each

    @property
    def tiles(self) -> int:
        """How many there are."""
        return len(self.starts)

    @property
    def points(self) -> int:
        """Of all tiles."""
        return self.wide * POINTS + (self.tiles - self.wide) * (POINTS - 1)

    def outputs(self) -> Table:
        """(tiles, 4) the output at each place of a tile, -1 for the last place of a narrow one."""
        return self._places(WIDE)

    def inputs(self) -> Table:
        """(tiles, 5) the same for inputs, the first of which belongs to the first output."""
        return self._places(POINTS)

    def _places(self, count: int) -> Table:
        places = self.starts[:, None] + np.arange(count)
        places[self.wide :, -1] = -1
        return places


def cut(outputs: int) -> Axis:
    """The tiles that cover ``outputs`` places with the fewest products."""
    tiles = -(-outputs // WIDE)
    narrow = min(tiles, tiles * WIDE - outputs)
    sizes = np.where(np.arange(tiles) < tiles - narrow, WIDE, NARROW)
    return Axis(tiles - narrow, np.cumsum(sizes) - sizes)


def inside(positions: Table, size: int) -> Table:
    """The positions that an axis of ``size`` has; -1 for the others."""
    return np.where((positions >= 0) & (positions < size), positions, -1)


def joined(axes: list[Table], width: int) -> Table:
    """(tiles, remainders, k) by axes -> pixels (tiles, tiles, remainders, remainders, k, k), or -1."""
    y, x = axes[0][:, None, :, None, :, None], axes[1][None, :, None, :, None, :]
    return np.where((y < 0) | (x < 0), -1, y * width + x)
