"""conv_transpose2d with the weights of some outputs, all taps of each, across the lanes of the vectors.

A row of the product is a place of x: its pixel of each channel is multiplied with the channel's weights,
which are read in the order in which they lie. The sums of a place are its patch of the output, and patches
are added up in a grid with a margin, where they need no bounds. It suits few images: none fill the lanes.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from minigrad.kernels import launching
from minigrad.kernels.cpu.bias import Epilogue, finish
from minigrad.kernels.cpu.conv.images import Images
from minigrad.kernels.cpu.conv.tables import SizedGeometry
from minigrad.kernels.cpu.runtime.caches import CACHE_LINE
from minigrad.kernels.cpu.runtime.compiling import jit, launch, workspace
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.copying import add_patch, add_run, copy_run
from minigrad.kernels.cpu.tiles.packing import Rows, rounded_up
from minigrad.kernels.cpu.tiles.product import DEPTH, multiply_four, multiply_row, multiply_tile
from minigrad.kernels.cpu.tiles.registers import ROWS, TILE, WIDTH, prefetch
from minigrad.types import Array, Pair

ADDING = 64  # multiplications that take as long as to add a row of a patch
COPYING = 8  # and as long as to copy a weight
STARTING = 1 << 17  # and as long as to begin an item
RUN = 512  # bytes of a channel's weights that an item reads at once: some cache lines, or they arrive late
AHEAD = 16  # channels whose weights are prefetched: each lies in another page, where no hardware looks ahead
FOUR = 4  # rows of the smaller tile


class Sizes(NamedTuple):
    """Images, channels of x in all, its first one and those of the group; the same of y."""

    n: int
    x: tuple[int, int, int]
    y: tuple[int, int, int]
    places: Pair
    pixels: Pair
    kernel: Pair
    stride: Pair
    padding: Pair
    grid: Pair  # of pixels with a margin
    each: int  # outputs of an item
    step: int  # lanes of an item's outputs and taps


def outputs_together(o: int, taps: int, itemsize: int) -> int:
    """The outputs of an item: those whose taps fill a run, if there are as many items as threads then."""
    return max(1, min(RUN // itemsize // taps, -(-o // 2)))


def work(x: Images, y: Images, geometry: SizedGeometry, threads: int) -> float:
    """The estimated time for a group in multiplications; infinite if ``fill`` cannot be used."""
    if geometry.dilation != (1, 1):
        return math.inf
    taps, lanes = geometry.taps, TILE.lanes(x.memory.itemsize)
    each = outputs_together(y.share, taps, x.memory.itemsize)
    columns = rounded_up(each * taps, lanes)
    item = x.share * columns * (x.n * _rows(x.pixels) + COPYING)
    item += ADDING * x.n * each * x.pixels * geometry.kernel[0] + STARTING
    return item * math.ceil(math.ceil(y.share / each) / threads)


def _rows(places: int) -> int:
    """Rows of the tiles that the places take."""
    rest = places % ROWS
    return places - rest + (ROWS if rest > FOUR and places > ROWS else -(-rest // FOUR) * FOUR)


def fill(x: Images, w: Array, y: Images, geometry: SizedGeometry, epilogue: Epilogue) -> None:
    """y[n, o, t] = sum over c and the (tap, s) that t meets of w[o, c, tap] x[n, c, s].

    w (o, c, taps), in memory (c, o, taps).
    """
    o, c, taps = w.shape
    each = outputs_together(o, taps, w.itemsize)
    tall, wide = (
        max(size + padding, (places - 1) * stride + kernel)
        for size, places, kernel, stride, padding in zip(*geometry[:5], strict=True)
    )
    sizes = Sizes(
        x.n,
        (x.channels, x.channel, c),
        (y.channels, y.channel, o),
        geometry.places,
        geometry.size,
        geometry.kernel,
        geometry.stride,
        geometry.padding,
        (tall, wide),
        each,
        rounded_up(each * taps, TILE.lanes(w.itemsize)),
    )
    given = x.memory, w.swapaxes(0, 1).reshape(-1), y.memory, epilogue, sizes
    with launch(x.n * o * c * taps * x.pixels) as threads:
        workers = min(threads, -(-o // sizes.each))
        own = c * sizes.step, x.pixels * sizes.step, tall * wide
        parts = workspace.take(w.dtype, *[workers * rounded_up(size, 16) for size in own])
        launching.launch(_fill, *given, own=tuple(part.reshape(workers, -1) for part in parts))


@jit
def _fill(
    x: Array, w: Array, y: Array, epilogue: Epilogue, sizes: Sizes, scratch: tuple[Array, Array, Array]
) -> None:
    parallel_for(scratch[0].shape[0], _fill_share, x, w, y, epilogue, sizes, scratch)


@inner_jit
def _fill_share(
    worker: int,
    x: Array,
    w: Array,
    y: Array,
    epilogue: Epilogue,
    sizes: Sizes,
    scratch: tuple[Array, Array, Array],
) -> None:
    """The items of one worker, whose scratch is a row each: an item is some outputs of all images."""
    (rows, columns), (height, width) = sizes.pixels, sizes.kernel
    taps = height * width
    (channels, channel, c), (outputs, output, o) = sizes.x, sizes.y
    places = sizes.places[0] * sizes.places[1]
    step, items, workers = sizes.step, (o + sizes.each - 1) // sizes.each, scratch[0].shape[0]
    packed, products, grid = scratch[0][worker], scratch[1][worker], scratch[2][worker]
    for item in range(worker * items // workers, (worker + 1) * items // workers):
        first, last = item * sizes.each, min(o, (item + 1) * sizes.each)
        _pack(w, first * taps, (last - first) * taps, o * taps, c, packed)
        for image in range(sizes.n):
            pixels = Rows(x, (image * channels + channel) * places, places)
            _multiply(pixels, c, packed, (last - first) * taps, step, products)
            for one in range(first, last):
                target = (image * outputs + output + one) * rows * columns
                _add_patches(products, (one - first) * taps, step, sizes, grid)
                for row in range(rows):
                    source = (row + sizes.padding[0]) * sizes.grid[1] + sizes.padding[1]
                    copy_run(grid, source, y, target + row * columns, columns)
                finish(y[target : target + rows * columns], output + one, epilogue)


@inner_jit
def _pack(w: Array, start: int, count: int, step: int, c: int, packed: Array) -> None:
    """packed[panel, channel, lane] = w[channel, start + the panel's lanes], below ``count``."""
    lanes, line = TILE.vectors * WIDTH // w.itemsize, CACHE_LINE // w.itemsize
    for channel in range(c):
        for lane in range(0, count, line):
            prefetch(w, (channel + AHEAD) * step + start + lane)
        for lane in range(0, count, lanes):
            source, target = channel * step + start + lane, (lane * c) + channel * lanes
            copy_run(w, source, packed, target, min(lanes, count - lane))


@inner_jit
def _multiply(x: Rows, c: int, packed: Array, count: int, step: int, products: Array) -> None:
    """products[place, (o, tap)] = sum over channels of x[channel, place] w[channel, (o, tap)]."""
    lanes, places, nowhere = TILE.vectors * WIDTH // products.itemsize, x.step, np.zeros(1, np.int64)
    for lane in range(0, count, lanes):
        place = 0
        while place < places:
            rest = places - place
            height = ROWS if rest >= ROWS or (rest > FOUR and places > ROWS) else FOUR
            if places < height:
                height = 1
            at = min(place, places - height)  # the last rows may overlap those before
            for k in range(0, c, DEPTH):
                left, right = x.start + k * places + at, lane * c + k * lanes
                depth, target = min(DEPTH, c - k), at * step + lane
                # (rows, depth) @ (depth, lanes) -> (rows, lanes)
                if height == ROWS:
                    multiply_tile(
                        x.memory, left, places, nowhere, packed, right, lanes, nowhere,
                        0, 1, depth, products, target, step, k == 0,
                    )  # fmt: skip
                elif height == FOUR:
                    multiply_four(
                        x.memory, left, places, nowhere, packed, right, lanes, nowhere,
                        0, 1, depth, products, target, step, k == 0,
                    )  # fmt: skip
                else:
                    multiply_row(
                        x.memory, left, places, nowhere, packed, right, lanes, nowhere,
                        0, 1, depth, products, target, step, k == 0,
                    )  # fmt: skip
            place += height


@inner_jit
def _add_patches(products: Array, first: int, step: int, sizes: Sizes, grid: Array) -> None:
    """grid[i stride + p, j stride + q] = sum of products[(i, j), first + (p, q)].

    Neighbours whose patches overlap do not follow each other: a sum that was just stored loads slowly.
    """
    (tall, broad), (height, width), (down, right) = sizes.places, sizes.kernel, sizes.stride
    apart, wide = (width + right - 1) // right, sizes.grid[1]
    for k in range(grid.size):
        grid[k] = 0
    for turn in range(apart):
        for i in range(tall):
            for j in range(turn, broad, apart):
                source, target = (i * broad + j) * step + first, i * down * wide + j * right
                if height == 4 and width == 4:
                    add_patch(products, source, grid, target, wide)
                    continue
                for p in range(height):
                    add_run(products, source + p * width, grid, target + p * wide, width)
