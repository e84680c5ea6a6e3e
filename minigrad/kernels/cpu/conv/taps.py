"""conv2d_weight with many channels on both sides: for each tap, a product of g with the pixels that it meets.

The channels of x lie in the lanes of the vectors, those of g in the rows of the tile. Blocks of about DEPTH
terms are summed on their own and then added up, as in ``gemm.blocks``.
"""

from __future__ import annotations

from typing import NamedTuple

from minigrad.kernels.cpu.conv.images import Images
from minigrad.kernels.cpu.conv.tables import Meetings
from minigrad.kernels.cpu.runtime.compiling import jit, workspace
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.packing import Rows, pack_rows, packed_size, transpose
from minigrad.kernels.cpu.tiles.product import DEPTH, multiply_tile
from minigrad.kernels.cpu.tiles.registers import ROWS, TILE, WIDTH
from minigrad.types import Array

PACKED_BYTES = 1 << 22  # of the images that are packed at a time: they stay in the caches


class Packed(NamedTuple):
    """Some images, packed: g's in panels of rows, x's in blocks of lanes."""

    rows: Array  # (panels, images, row_step): a panel's pixels, each of ROWS channels
    row_step: int
    panels: int
    lanes: Array  # (blocks, images, lane_step): a block's pixels, each of as many channels as there are lanes
    lane_step: int
    blocks: int


def fill(x: Images, g: Images, meetings: Meetings, threads: int, gw: Array) -> None:
    """Fill gw (o, c, taps); ``meetings`` has g's pixels in steps of ROWS, x's in steps of the lanes."""
    dtype = gw.dtype
    lanes, (o, c, taps) = TILE.lanes(dtype.itemsize), gw.shape
    blocks, panels = -(-c // lanes), -(-o // ROWS)
    row_step, lane_step = packed_size(g.pixels, lanes), x.pixels * lanes
    units = blocks * taps * panels
    image_bytes = (blocks * lane_step + panels * row_step) * dtype.itemsize
    together = max(1, min(x.n, PACKED_BYTES // image_bytes))
    rows, columns, sums = workspace.take(
        dtype, together * panels * row_step, together * blocks * lane_step, units * ROWS * lanes
    )
    packed = Packed(rows, row_step, panels, columns, lane_step, blocks)
    sums.fill(0)
    for first in range(0, x.n, together):
        count = min(together, x.n - first)
        _pack(x, g, first, count, packed)
        _sum(min(threads, units), packed, count, meetings, sums)
    _unpack(sums, gw)


@inner_jit
def _pack_lanes(images: Images, image: int, place: int, together: int, out: Array) -> None:
    """out[block, place, q, l] = images[image, block * lanes + l, q]; other lanes stay as they are."""
    pixels, lanes = images.pixels, TILE.vectors * WIDTH // out.itemsize
    for channel in range(0, images.share, lanes):
        source = (image * images.channels + images.channel + channel) * pixels
        target = Rows(out, (channel // lanes * together + place) * pixels * lanes, lanes)
        transpose(Rows(images.memory, source, pixels), target, min(lanes, images.share - channel), pixels)


@inner_jit
def _pack_channels(images: Images, image: int, place: int, together: int, step: int, out: Array) -> None:
    """out[panel, place, q, r] = images[image, panel * ROWS + r, q], 0 past the channels."""
    pixels = images.pixels
    for first in range(0, images.share, ROWS):
        source = (image * images.channels + images.channel + first) * pixels
        target = (first // ROWS * together + place) * step
        pack_rows(Rows(images.memory, source, pixels), images.share - first, pixels, out, target)


@inner_jit
def _pack_image(place: int, x: Images, g: Images, first: int, together: int, packed: Packed) -> None:
    _pack_lanes(x, first + place, place, together, packed.lanes)
    _pack_channels(g, first + place, place, together, packed.row_step, packed.rows)


@jit
def _pack(x: Images, g: Images, first: int, together: int, packed: Packed) -> None:
    """Pack ``together`` images of both sides, from ``first`` on."""
    parallel_for(together, _pack_image, x, g, first, together, packed)


@inner_jit
def _sum_units(
    worker: int, workers: int, packed: Packed, images: int, meetings: Meetings, sums: Array
) -> None:
    """Add some images to the sums of a share of the units: each a block of lanes, a tap, a panel of rows."""
    taps, panels, lanes = meetings.first.size - 1, packed.panels, TILE.vectors * WIDTH // sums.itemsize
    units = packed.blocks * taps * panels
    first_unit, last_unit = worker * units // workers, (worker + 1) * units // workers
    most = (meetings.left.size + taps - 1) // taps
    together = max(1, DEPTH // max(most, 1))
    for image in range(0, images, together):
        count = min(together, images - image)
        unit = first_unit
        while unit < last_unit:
            which, begin = unit // panels, unit % panels
            end = min(panels, begin + last_unit - unit)
            tap, block = which % taps, which // taps
            start = (block * images + image) * packed.lane_step
            for j in range(meetings.first[tap], meetings.first[tap + 1], DEPTH):
                last = min(j + DEPTH, meetings.first[tap + 1])
                for p in range(begin, end):
                    # (ROWS, count * meetings) @ (count * meetings, lanes) -> (ROWS, lanes)
                    multiply_tile(
                        packed.rows, (p * images + image) * packed.row_step, packed.row_step, meetings.left,
                        packed.lanes, start, packed.lane_step, meetings.right,
                        j, last, count, sums, (which * panels + p) * ROWS * lanes, lanes, False,
                    )  # fmt: skip
            unit += end - begin


@jit
def _sum(workers: int, packed: Packed, images: int, meetings: Meetings, sums: Array) -> None:
    """sums[block, tap, panel, r, l] += sum over images and meetings of rows[panel, r] * lanes[block, l].

    Each worker has its own units, so that the order of every sum is fixed.
    """
    parallel_for(workers, _sum_units, workers, packed, images, meetings, sums)


@jit
def _unpack(sums: Array, gw: Array) -> None:
    """gw[o, c, tap] = sums[c's block, tap, o's panel, r, l]."""
    parallel_for(gw.shape[0], _unpack_output, sums, gw)


@inner_jit
def _unpack_output(output: int, sums: Array, gw: Array) -> None:
    o, c, taps = gw.shape
    panels, lanes = (o + ROWS - 1) // ROWS, TILE.vectors * WIDTH // sums.itemsize
    flat = gw.reshape(-1)
    for channel in range(0, c, lanes):
        source = (channel // lanes * taps * panels + output // ROWS) * ROWS + output % ROWS
        rows = Rows(sums, source * lanes, panels * ROWS * lanes)
        transpose(rows, Rows(flat, (output * c + channel) * taps, taps), taps, min(lanes, c - channel))
