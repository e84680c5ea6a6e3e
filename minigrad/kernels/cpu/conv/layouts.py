"""Where the output places of a convolution read, in a grid that holds the input with zeros around it.

The grid is split by the remainders of the stride, so that a tap is a step there, the same for all places. A
transposed convolution with a stride is several convolutions, each with some of the taps, for the results of
one remainder: one class of places.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

from minigrad.kernels.cpu.conv.tables import SizedGeometry, Table
from minigrad.kernels.cpu.runtime.keeping import shelf
from minigrad.kernels.cpu.tiles.registers import ROWS
from minigrad.types import Pair


class Layout(NamedTuple):
    """Where the places of a block read in the grid, and write: tables of one geometry.

    Remainder (i, j) of the grid holds in row u and column v the pixel (u, v) * reading + (i, j); place (a, b)
    of a class writes the pixel (a, b) * writing + the class's first.
    """

    classes: Table  # (k, 4) the first row and column that a class writes, its rows and its columns
    firsts: Table  # (k + 1,) where the taps of a class begin
    taps: Table  # (3, taps) by class: steps in the packed weights, in the grid, in gathered rows
    remainders: Table  # (r, 2)
    low: Pair  # row and column of the grid's first pixels, for the first place
    size: Pair  # rows and columns of the grid, for each remainder
    read: Pair  # rows and columns of the input
    reading: Pair
    written: Pair
    writing: Pair


@shelf.keeps
def layout_of(geometry: SizedGeometry, rows: int, lanes: int, transposed: bool) -> Layout:
    """The tables of blocks of ``rows`` rows."""
    axes = [_along(*numbers, transposed=transposed) for numbers in zip(*geometry, strict=True)]
    read, reading, written, writing = geometry.size, geometry.stride, geometry.places, (1, 1)
    if transposed:
        read, reading, written, writing = written, writing, read, reading
    steps = [[step for _, _, taps in axis for _, _, step in taps] or [0] for axis in axes]
    low, high = [min(own) for own in steps], [max(own) for own in steps]
    remainders = sorted(product(*({r for _, _, taps in axis for _, r, _ in taps} for axis in axes)))
    size = rows + high[0] - low[0], max(wide for _, wide, _ in axes[1]) + high[1] - low[1]
    classes, firsts, numbers = [], [0], []
    for (top, tall, down), (left, wide, across) in product(*axes):
        classes.append((top, left, tall, wide))
        for place, ((i, r0, u), (j, r1, v)) in enumerate(product(down, across)):
            row = remainders.index((r0, r1)) * size[0] + u - low[0]
            tap = i * geometry.kernel[1] + j
            numbers.append((tap * ROWS, row * size[1] + v - low[1], place * lanes))
        firsts.append(len(numbers))
    taps = np.array(numbers, np.int64).reshape(-1, 3).T.copy()
    some = np.array(remainders, np.int64).reshape(-1, 2)
    tables = np.array(classes, np.int64), np.array(firsts, np.int64), taps, some
    return Layout(*tables, (low[0], low[1]), size, read, reading, written, writing)


def _along(
    size: int, places: int, kernel: int, stride: int, padding: int, dilation: int, *, transposed: bool
) -> list[tuple[int, int, list[tuple[int, int, int]]]]:
    """The classes along an axis: first result, results, and (tap, remainder, step in the grid) of taps."""
    if not transposed:
        taps = [(tap, *divmod(tap * dilation - padding, stride)[::-1]) for tap in range(kernel)]
        return [(0, places, taps)]
    classes = []
    for first in range(min(stride, size)):
        taps = [(tap, *divmod(first + padding - tap * dilation, stride)[::-1]) for tap in range(kernel)]
        classes.append((first, -(-(size - first) // stride), [own for own in taps if own[1] == 0]))
    return classes
