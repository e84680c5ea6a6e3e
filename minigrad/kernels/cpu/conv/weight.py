"""conv2d_weight with many channels on both sides: a tap's weights are a product of g with what it meets.

The channels of x lie in the lanes of the vectors, those of g in the rows of the tile. Blocks of about DEPTH
terms are summed by themselves and then added up, as in gemm.
"""

from __future__ import annotations

from typing import NamedTuple

from minigrad.kernels.cpu.conv.tables import Meetings
from minigrad.kernels.cpu.runtime.compiling import Array, jit
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.tile import DEPTH, ROWS, WIDTH, multiply_tile, pack_rows, transpose


class Images(NamedTuple):
    """Channels [channel, channel + share) of images (n, channels, pixels) in flat memory."""

    memory: Array
    channels: int
    channel: int
    share: int
    pixels: int

    @property
    def size(self) -> int:
        """Elements of an image that are used."""
        return self.share * self.pixels


@inner_jit
def _pack_lanes(images: Images, image: int, place: int, together: int, lanes: int, out: Array) -> None:
    """out[block, place, q, l] = images[image, block * lanes + l, q]; nothing past the channels."""
    pixels = images.pixels
    width = WIDTH // out.itemsize
    for channel in range(0, images.share, width):
        rows = min(width, images.share - channel)
        source = (image * images.channels + images.channel + channel) * pixels
        target = ((channel // lanes * together + place) * pixels) * lanes + channel % lanes
        transpose(images.memory, source, pixels, rows, pixels, out, target, lanes)


@inner_jit
def _pack_channels(images: Images, image: int, place: int, together: int, step: int, out: Array) -> None:
    """out[panel, place, q, r] = images[image, panel * ROWS + r, q], 0 past the channels."""
    pixels = images.pixels
    for first in range(0, images.share, ROWS):
        source = (image * images.channels + images.channel + first) * pixels
        target = (first // ROWS * together + place) * step
        pack_rows(images.memory, source, pixels, images.share - first, pixels, out, target)


@inner_jit
def _pack_image(
    place: int,
    lane_images: Images,
    row_images: Images,
    first: int,
    together: int,
    lanes: int,
    step: int,
    lane_out: Array,
    row_out: Array,
) -> None:
    _pack_lanes(lane_images, first + place, place, together, lanes, lane_out)
    _pack_channels(row_images, first + place, place, together, step, row_out)


@jit
def pack(
    lane_images: Images,
    row_images: Images,
    first: int,
    together: int,
    lanes: int,
    step: int,
    lane_out: Array,
    row_out: Array,
) -> None:
    """Some images of both sides."""
    parallel_for(
        together, _pack_image, lane_images, row_images, first, together, lanes, step, lane_out, row_out
    )


@inner_jit
def _sum_units(
    worker: int,
    workers: int,
    rows: Array,
    lanes_of: Array,
    sums: Array,
    images: int,
    row_step: int,
    lane_step: int,
    blocks: int,
    panels: int,
    lanes: int,
    meetings: Meetings,
) -> None:
    """Add some images to the sums of a share of the units: each a block of lanes, a tap, a panel of rows."""
    taps = meetings.first.size - 1
    units = blocks * taps * panels
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
            start = (block * images + image) * lane_step
            for j in range(meetings.first[tap], meetings.first[tap + 1], DEPTH):
                last = min(j + DEPTH, meetings.first[tap + 1])
                for p in range(begin, end):
                    # (ROWS, count * meetings) @ (count * meetings, lanes) -> (ROWS, lanes)
                    multiply_tile(
                        rows, (p * images + image) * row_step, row_step, meetings.left,
                        lanes_of, start, lane_step, meetings.right,
                        j, last, count, sums, (which * panels + p) * ROWS * lanes, lanes, False,
                    )  # fmt: skip
            unit += end - begin


@jit
def sum_units(
    workers: int,
    rows: Array,
    lanes_of: Array,
    sums: Array,
    images: int,
    row_step: int,
    lane_step: int,
    blocks: int,
    panels: int,
    lanes: int,
    meetings: Meetings,
) -> None:
    """sums[block, tap, panel, r, l] += sum over images and meetings of rows[panel, r] * lanes_of[block, l].

    Each worker owns a share of the units, so that the order of every sum is fixed.
    """
    parallel_for(
        workers, _sum_units,
        workers, rows, lanes_of, sums, images, row_step, lane_step, blocks, panels, lanes, meetings,
    )  # fmt: skip


@jit
def unpack(sums: Array, lanes: int, gw: Array) -> None:
    """gw[o, c, tap] from sums[c's block, tap, o's panel, r, l]."""
    parallel_for(gw.shape[0], _unpack_output, sums, lanes, gw)


@inner_jit
def _unpack_output(output: int, sums: Array, lanes: int, gw: Array) -> None:
    o, c, taps = gw.shape
    panels = (o + ROWS - 1) // ROWS
    width = WIDTH // sums.itemsize
    flat = gw.reshape(-1)
    for channel in range(0, c, width):
        block = channel // lanes
        source = (block * taps * panels + output // ROWS) * ROWS + output % ROWS
        target = (output * c + channel) * taps
        count = min(width, c - channel)
        transpose(
            sums, source * lanes + channel % lanes, panels * ROWS * lanes, taps, count, flat, target, taps
        )
