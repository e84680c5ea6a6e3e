"""conv2d and conv_transpose2d of many images: the images lie in the lanes of the vectors.

Within a block of images a pixel is one row of lanes, one lane an image. An output pixel is a product of the
weights with the pixels that it meets: nothing is gathered, nothing is padded, and no lane is empty.
"""

from __future__ import annotations

from typing import NamedTuple

from minigrad.kernels.cpu.conv.images import (
    Images,
    Weights,
    load_pixels,
    pack_panel,
    store_pixels,
    weights_of,
)
from minigrad.kernels.cpu.conv.tables import Meetings
from minigrad.kernels.cpu.runtime.caches import SECOND_CACHE
from minigrad.kernels.cpu.runtime.compiling import jit, launch, workspace
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.packing import Rows, packed_size
from minigrad.kernels.cpu.tiles.product import DEPTH, multiply_row, multiply_tile
from minigrad.kernels.cpu.tiles.registers import ROWS, TILE, WIDTH
from minigrad.types import Array

NEAR = SECOND_CACHE // 4  # bytes of pixels that all panels of weights pass by; beyond, pixels pass by panels


class Packed(NamedTuple):
    """Packed weights (groups, panels, size): a panel is (c, taps, ROWS), and some elements to spare."""

    memory: Array
    size: int
    taps: int


class Plan(NamedTuple):
    """How the work is cut."""

    chunk: int  # channels that are summed at a time
    splits: int  # shares of a group's panels
    grid: int  # elements of a worker's scratch that hold pixels


class Part(NamedTuple):
    """The images from ``first`` on, as many as there are lanes; a group; its panels from top to bottom."""

    first: int
    group: int
    top: int
    bottom: int


def fill(x: Images, w: Array, y: Images, meetings: Meetings) -> None:
    """Fill y from x and w (groups, o, c, taps): x and y are the images by the channels of their first group.

    The meetings count taps in steps of ROWS and pixels in steps of the lanes.
    """
    groups, o, c, taps = w.shape
    lanes = TILE.lanes(w.itemsize)
    panels, blocks = -(-o // ROWS), -(-x.n // lanes) * groups
    chunk = min(c, max(1, DEPTH * y.pixels // max(meetings.left.size, 1)))
    size = packed_size(c * taps, lanes)
    weights = weights_of(w)
    with launch(x.n * groups * c * o * meetings.left.size) as allowed:
        splits = 1 if blocks % allowed == 0 else min(panels, -(-2 * allowed // blocks))
        workers = min(allowed, blocks * splits)
        grid = chunk * x.pixels * lanes
        tiles = -(-panels // splits) * y.pixels * (1 if o == 1 else ROWS) * lanes
        packed, scratch = workspace.take(w.dtype, groups * panels * size, workers * (grid + tiles))
        _pack_weights(weights, packed)
        plan = Plan(chunk, splits, grid)
        _convolve(x, Packed(packed, size, taps), y, scratch.reshape(workers, -1), plan, meetings)


@jit
def _pack_weights(w: Weights, out: Array) -> None:
    """out[group, panel, c, tap, r] = w[group, panel * ROWS + r, c, tap]."""
    parallel_for(w.groups * ((w.o + ROWS - 1) // ROWS), _pack_item, w, out)


@inner_jit
def _pack_item(item: int, w: Weights, out: Array) -> None:
    panels = (w.o + ROWS - 1) // ROWS
    pack_panel(w, item // panels, item % panels, out, item * (out.size // (w.groups * panels)))


@inner_jit
def _convolve_part(
    x: Images, w: Packed, y: Images, grid: Array, tiles: Array, part: Part, chunk: int, meetings: Meetings
) -> None:
    """y[n, o, q] = sum over c and the meetings (tap, s) of q of w[o, c, tap] x[n, c, s]."""
    first, group, top, bottom = part
    c, o, lanes = x.share, y.share, TILE.vectors * WIDTH // grid.itemsize
    panels = (o + ROWS - 1) // ROWS
    count = min(lanes, x.n - first)
    few = o == 1
    tile = (1 if few else ROWS) * lanes
    for begin in range(0, c, chunk):
        together = min(chunk, c - begin)
        for channel in range(together):
            pixels = Rows(grid, channel * x.pixels * lanes, lanes)
            load_pixels(x, first, count, group * c + begin + channel, 0, x.pixels, pixels)
        for k in range(y.pixels * (bottom - top)):
            p, q = top + k // y.pixels, k % y.pixels
            if grid.size * grid.itemsize > NEAR:
                p, q = top + k % (bottom - top), k // (bottom - top)
            j0, j1 = meetings.first[q], meetings.first[q + 1]
            # (ROWS, together * taps of q) @ (together * taps of q, lanes) -> (ROWS, lanes)
            weights = (group * panels + p) * w.size + begin * w.taps * ROWS
            target = ((p - top) * y.pixels + q) * tile
            if few:
                multiply_row(
                    w.memory, weights, w.taps * ROWS, meetings.left,
                    grid, 0, x.pixels * lanes, meetings.right,
                    j0, j1, together, tiles, target, lanes, begin == 0,
                )  # fmt: skip
            else:
                multiply_tile(
                    w.memory, weights, w.taps * ROWS, meetings.left,
                    grid, 0, x.pixels * lanes, meetings.right,
                    j0, j1, together, tiles, target, lanes, begin == 0,
                )  # fmt: skip
    for p in range(top, bottom):
        for r in range(min(ROWS, o - p * ROWS)):
            sums = Rows(tiles, (p - top) * y.pixels * tile + r * lanes, tile)
            store_pixels(sums, y, first, count, group * o + p * ROWS + r, 0, y.pixels)


@inner_jit
def _convolve_share(
    worker: int, x: Images, w: Packed, y: Images, scratch: Array, plan: Plan, meetings: Meetings
) -> None:
    """The items of one worker, whose scratch is one row: each a block of images, a group, some panels."""
    lanes, groups, splits = TILE.vectors * WIDTH // scratch.itemsize, x.channels // x.share, plan.splits
    panels, workers = (y.share + ROWS - 1) // ROWS, scratch.shape[0]
    items = (x.n + lanes - 1) // lanes * groups * splits
    grid, tiles = scratch[worker, : plan.grid], scratch[worker, plan.grid :]
    for item in range(worker * items // workers, (worker + 1) * items // workers):
        share, group = item % splits, item // splits % groups
        top, bottom = share * panels // splits, (share + 1) * panels // splits
        part = Part(item // (splits * groups) * lanes, group, top, bottom)
        _convolve_part(x, w, y, grid, tiles, part, plan.chunk, meetings)


@jit
def _convolve(x: Images, w: Packed, y: Images, scratch: Array, plan: Plan, meetings: Meetings) -> None:
    parallel_for(scratch.shape[0], _convolve_share, x, w, y, scratch, plan, meetings)
