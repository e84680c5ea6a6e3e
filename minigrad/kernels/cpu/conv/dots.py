"""conv2d_weight with few channels on one side: dot products along the pixels of the other side's images.

The many channels are read where they lie. Only the few are packed, each once for every tap.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from minigrad.kernels import launching
from minigrad.kernels.cpu.conv.images import Images
from minigrad.kernels.cpu.conv.tables import Lines, Table
from minigrad.kernels.cpu.runtime.compiling import jit, workspace
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.dots import COLUMNS, ROWS, multiply_dots
from minigrad.kernels.cpu.tiles.magnitude import finite
from minigrad.kernels.cpu.tiles.packing import rounded_up
from minigrad.kernels.cpu.tiles.registers import WIDTH
from minigrad.types import Array

DEPTH = 512  # pixels to sum in registers at a time, so that they fit the first cache; at least an image
FEW = 256  # sums that are added in their own dtype
PART = 1 << 14  # pixels of an image that are summed in a vector's lanes
SLOWER = 1.5  # times as long as elsewhere that a multiplication takes: it loads more operands
GATHERING = 40  # multiplications that take as long as to pack an element


def work(many: Images, few: Images, taps: int, length: int) -> float:
    """The estimated time for an image, in multiplications of ``tiles.product``.

    Infinite if ``fill`` cannot be used. A line has ``taps`` taps and ``length`` pixels.
    """
    rows, columns = rounded_up(many.share, ROWS), rounded_up(few.share * taps, COLUMNS)
    width = WIDTH // many.memory.itemsize
    if many.pixels < width:
        return math.inf
    return SLOWER * rows * columns * rounded_up(many.pixels, width) + GATHERING * few.share * length


def fill(
    many: Images,
    few: Images,
    lines: Lines,
    workers: int,
    gw: Array,
    otherwise: Callable[[], object],
    *,
    swapped: bool,
) -> None:
    """gw[channel of many, channel of few, tap]: sums over images and the pixels of many, with what they meet.

    ``many`` has at least a vector of pixels. gw is contiguous, or ``swapped``: (channel of few, channel of
    many, tap). What lies outside are zeros, with which pixels are multiplied: if a sum is not finite,
    ``otherwise()`` fills gw.
    """
    length, padded = lines.pixels.size, rounded_up(few.share * lines.starts.size, COLUMNS)
    together = max(1, DEPTH // many.pixels)
    chunks, parts = -(-many.n // together), -(-many.pixels // PART)
    own = rounded_up(together * few.share * length + few.pixels + 1, 16)
    scratch, sums = workspace.take(
        many.memory.dtype, workers * own, chunks * parts * rounded_up(many.share, ROWS) * padded
    )
    kept = lines, scratch.reshape(workers, own), sums.reshape(chunks * parts, -1, padded)
    launching.launch(_fill, many, few, together, swapped, gw.reshape(-1), own=kept, otherwise=otherwise)


@inner_jit
def gather(images: Images, first: int, count: int, line: Table, pixels: Array, out: Array) -> None:
    """out[image, channel, k] = images[first + image, channel, line[k]], or 0 for the pixel past the last."""
    pixels[images.pixels] = 0
    for image in range(count):
        for channel in range(images.share):
            source = ((first + image) * images.channels + images.channel + channel) * images.pixels
            row = images.memory[source : source + images.pixels]
            for q in range(row.size):
                pixels[q] = row[q]
            target = out[(image * images.share + channel) * line.size :]
            for k in range(line.size):
                target[k] = pixels[line[k]]


@jit
def _fill(
    many: Images,
    few: Images,
    together: int,
    swapped: bool,
    gw: Array,
    own: tuple[Lines, Array, Array],
) -> bool:
    """Fill gw, chunk by chunk of at most ``together`` images, and return whether all of it is finite."""
    lines, scratch, sums = own
    taps, length = lines.starts.size, lines.pixels.size
    starts = np.zeros(sums.shape[2], np.int64)
    for channel in range(few.share):
        for tap in range(taps):
            starts[channel * taps + tap] = channel * length + lines.starts[tap]
    parallel_for(scratch.shape[0], _sum_share, many, few, together, lines.pixels, starts, scratch, sums)
    step = taps if swapped else few.share * taps, many.share * taps if swapped else taps
    for row in range(many.share):
        _add_chunks(sums, row, few.share, taps, gw[row * step[0] :], step[1])
    return finite(gw)


@inner_jit
def _add_chunks(sums: Array, row: int, few: int, taps: int, gw: Array, step: int) -> None:
    """gw[channel step + tap] = sum over chunks of sums[chunk, row, (channel, tap)]."""
    chunks, columns = sums.shape[0], few * taps
    total, wide = np.zeros(columns, sums.dtype), np.zeros(columns)
    for chunk in range(chunks):
        own = sums[chunk, row]
        if chunks > FEW:
            for k in range(columns):
                wide[k] += np.float64(own[k])
        else:
            for k in range(columns):
                total[k] += own[k]
    for channel in range(few):
        for tap in range(taps):
            k = channel * taps + tap
            gw[channel * step + tap] = wide[k] if chunks > FEW else total[k]


@inner_jit
def _sum_share(
    worker: int,
    many: Images,
    few: Images,
    together: int,
    line: Table,
    starts: Table,
    scratch: Array,
    sums: Array,
) -> None:
    """The chunks of one worker, whose scratch is one row.

    sums[(chunk, part), channel of many, (channel of few, tap)], over a chunk's images and a part's pixels.
    """
    workers, columns, parts = scratch.shape[0], sums.shape[2], (many.pixels + PART - 1) // PART
    chunks = sums.shape[0] // parts
    step = few.share * line.size
    packed, pixels = scratch[worker], scratch[worker, together * step :]
    for chunk in range(worker * chunks // workers, (worker + 1) * chunks // workers):
        first = chunk * together
        count = min(together, many.n - first)
        gather(few, first, count, line, pixels, packed)
        for part in range(parts):
            begin, end = part * many.pixels // parts, (part + 1) * many.pixels // parts
            result, right = sums[chunk * parts + part].reshape(-1), packed[begin:]
            for row in range(0, many.share, ROWS):
                start = (first * many.channels + many.channel + row) * many.pixels + begin
                for column in range(0, columns, COLUMNS):
                    # (ROWS, count * pixels) @ (count * pixels, COLUMNS) -> (ROWS, COLUMNS)
                    multiply_dots(
                        many.memory, start, many.pixels, many.channels * many.pixels, many.share - row,
                        right, starts, column, step, count, end - begin,
                        result, row * columns + column, columns,
                    )  # fmt: skip
