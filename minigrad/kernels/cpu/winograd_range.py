"""Where Winograd's sums would lose what a direct product keeps: found before they are made, image by image.

A tile's outputs are sums over all that the tile reads. An output errs by the rounding of its tile's greatest
input, even if it does not read that; an infinity, NaN or overflow spoils them all. So for each image the
greatest magnitude of each pixel over the channels is noted while it is near, and an image is left to the
direct product if one of its tiles has a pixel RANGE times above all that some output of the tile reads, or if
the sums could leave float32's range.
"""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cpu.compiling import Array
from minigrad.kernels.cpu.conv_tables import Table
from minigrad.kernels.cpu.inner import inner_jit
from minigrad.kernels.cpu.magnitude import note_greatest
from minigrad.kernels.cpu.transform import Matrix
from minigrad.kernels.cpu.winograd_tiles import (
    NARROW,
    POINTS,
    WIDE,
    input_matrix,
    output_matrix,
    weight_matrix,
)

RANGE = 512.0
"""Times that a pixel of a tile may be above all that an output of the tile reads."""


def _gain(matrix: Matrix) -> float:
    """By how much the matrix can make the greatest magnitude of a vector greater."""
    return float(max(sum(map(abs, row)) for row in matrix))


GAIN = (
    max(_gain(input_matrix(size)) * _gain(output_matrix(size)) for size in (WIDE, NARROW))
    * _gain(weight_matrix())
) ** 2
"""|a sum on the way| <= GAIN * terms * greatest |x| * greatest |w|."""

LARGEST = float(np.finfo(np.float32).max)


@inner_jit
def note_tops(
    noted: Array, pixels: int, inputs: Table, kinds: Table, count: int, lanes: int, spare: Array, tops: Array
) -> None:
    """tops[l] = the greatest that a group of tiles reads of image l, infinity if a tile's range is too wide.

    noted (pixels and a row of zeros, l) the greatest magnitude over the channels; inputs (tiles, remainders,
    25) the pixels of a tile, kinds (tiles,) as in `winograd.Plan`. `spare` has three rows of lanes.
    """
    top, least, window = spare[:lanes], spare[lanes : 2 * lanes], spare[2 * lanes : 3 * lanes]
    tops[:] = 0
    for tile in range(inputs.shape[0]):
        own, kind = inputs[tile], kinds[tile]
        rows, columns = (WIDE if kind < 2 else NARROW), (WIDE if kind % 2 == 0 else NARROW)
        for lane in range(lanes):
            top[lane], least[lane] = 0, np.inf
        for b in range(own.shape[0]):
            for k in range(POINTS**2):
                note_greatest(noted, own[b, k] * lanes, top, 0, lanes)
        for place in range(rows * columns):
            _note_window(noted, pixels, own, place // columns * POINTS + place % columns, lanes, window)
            for lane in range(lanes):
                least[lane] = window[lane] if window[lane] < least[lane] else least[lane]
        note_greatest(top, 0, tops, 0, lanes)
        for lane in range(count):
            if not top[lane] <= RANGE * least[lane]:
                tops[lane] = np.inf


@inner_jit
def _note_window(noted: Array, pixels: int, inputs: Table, first: int, lanes: int, window: Array) -> None:
    """window[l] = the greatest of the 2x2 inputs from `first` on of all remainders, infinity without any."""
    reads = False
    for lane in range(lanes):
        window[lane] = 0
    for b in range(inputs.shape[0]):
        for a in range(4):
            pixel = inputs[b, first + a // 2 * POINTS + a % 2]
            reads |= pixel < pixels
            note_greatest(noted, pixel * lanes, window, 0, lanes)
    if not reads:
        for lane in range(lanes):
            window[lane] = np.inf


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
