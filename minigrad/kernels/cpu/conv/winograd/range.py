"""Which images Winograd's sums would spoil: found before the sums are made.

An output of a tile is a sum over all inputs of the tile. Its error is that of the greatest input, even if the
convolution does not read this one for this output, and an infinity, NaN or overflow spoils all outputs of the
tile. So the greatest magnitude of each pixel over the channels is noted while the pixels are in the cache. An
image gets the direct product if, in one of its tiles, a pixel is more than RANGE times as great as all pixels
that one output reads, or if the sums could overflow float32.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigrad.kernels.cpu.conv.images import Images
from minigrad.kernels.cpu.conv.tables import Table
from minigrad.kernels.cpu.conv.winograd.algorithm import (
    NARROW,
    POINTS,
    WIDE,
    input_matrix,
    output_matrix,
    weight_matrix,
)
from minigrad.kernels.cpu.conv.winograd.transform import Matrix
from minigrad.kernels.cpu.runtime.compiling import jit
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.tiles.magnitude import note_greatest, transpose_noting
from minigrad.kernels.cpu.tiles.packing import Rows
from minigrad.types import Array

RANGE = 512.0
"""How many times as great a pixel may be as all pixels that one output of its tile reads."""


def _gain(matrix: Matrix) -> float:
    """By how much the matrix can make the greatest magnitude of a vector greater."""
    return float(max(sum(map(abs, row)) for row in matrix))


WINDOW = (0, 1, POINTS, POINTS + 1)
"""Points of a tile that one of its outputs reads, counted from the first of them."""

SPARE = 3 + POINTS**2
"""Rows of lanes in which ``note_tops`` works."""

SAMPLED = 8
"""Only every eighth channel is noted pixel by pixel at first: mostly this shows that all tiles are safe."""

GAIN = (
    max(_gain(input_matrix(size)) * _gain(output_matrix(size)) for size in (WIDE, NARROW))
    * _gain(weight_matrix())
) ** 2
"""|any sum| <= GAIN * terms * greatest |x| * greatest |w|."""

LARGEST = float(np.finfo(np.float32).max)


class Tiles(NamedTuple):
    """A group of tiles, as ``plans.Plan`` has them."""

    inputs: Table  # (tiles, remainders, 25) the pixels that a tile reads
    kinds: Table  # (tiles,)
    pixels: int  # that the group reads


@inner_jit
def load_noting(
    x: Images, first: int, count: int, channel: int, begin: int, end: int, lanes: Rows, peaks: Array
) -> None:
    """``load_pixels``, and peaks[i] is raised to the greatest |lanes[q - begin, i]|."""
    step = x.channels * x.pixels
    source = Rows(x.memory, first * step + channel * x.pixels + begin, step)
    transpose_noting(source, lanes, count, end - begin, peaks)


@inner_jit
def note_tops(noted: Array, tiles: Tiles, count: int, spare: Array, peaks: Array, tops: Array) -> None:
    """tops[l] = the greatest that a group of tiles reads of image l, infinity if a tile's range is too wide.

    noted (pixels and a row of zeros, l) is the greatest magnitude over some channels; peaks (l,) is what no
    other channel exceeds, or 0 if there is none. ``spare`` has SPARE rows of lanes.
    """
    inputs, kinds, pixels = tiles
    lanes = tops.size
    top, least, window = spare[:lanes], spare[lanes : 2 * lanes], spare[2 * lanes : 3 * lanes]
    points = spare[3 * lanes :]
    tops[:] = 0
    for tile in range(inputs.shape[0]):
        own, kind = inputs[tile], kinds[tile]
        rows, columns = (WIDE if kind < 2 else NARROW), (WIDE if kind % 2 == 0 else NARROW)
        points[:] = 0
        for lane in range(lanes):
            top[lane], least[lane] = peaks[lane], np.inf
        for k in range(POINTS**2):
            for b in range(own.shape[0]):
                note_greatest(noted, own[b, k] * lanes, points, k * lanes, lanes)
            note_greatest(points, k * lanes, top, 0, lanes)
        for place in range(rows * columns):
            first = place // columns * POINTS + place % columns
            if _reads_any(own, first, pixels):
                window[:] = 0
                for corner in WINDOW:
                    note_greatest(points, (first + corner) * lanes, window, 0, lanes)
                for lane in range(lanes):
                    least[lane] = window[lane] if window[lane] < least[lane] else least[lane]
        note_greatest(top, 0, tops, 0, lanes)
        for lane in range(count):
            if not top[lane] <= RANGE * least[lane]:
                tops[lane] = np.inf


@jit
def _reads_any(inputs: Table, first: int, pixels: int) -> bool:
    """Whether an output reads any pixel; its window begins at point ``first`` of each remainder."""
    for b in range(inputs.shape[0]):
        for corner in WINDOW:
            if inputs[b, first + corner] < pixels:
                return True
    return False


@inner_jit
def mark_doubtful(tops: Array, images: int, terms: int, weights: Array, doubtful: Array) -> None:
    """doubtful[image] unless its sums stay below LARGEST; tops (blocks, groups, lanes), weights (panels,)."""
    bound = 0.0
    for panel in range(weights.size):
        if not weights[panel] <= bound:
            bound = np.float64(weights[panel]) if weights[panel] < np.inf else np.inf
    groups, lanes = tops.shape[1:]
    for image in range(images):
        doubtful[image] = False
        for group in range(groups):
            top = np.float64(tops[image // lanes, group, image % lanes])
            if not GAIN * terms * bound * top <= LARGEST:
                doubtful[image] = True
