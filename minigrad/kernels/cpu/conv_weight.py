"""conv2d_weight: one image's channels lie in the lanes of the vectors, the other's in the rows of the tile.

With many channels on both sides a tap's weights are a product of g with the sources that its places meet. If
one side has few channels, its rows are channel and tap together, and the whole kernel is one product.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from minigrad.kernels.cpu.compiling import Array, jit, parallel_jit
from minigrad.kernels.cpu.conv_tables import Meetings
from minigrad.kernels.cpu.tile import DEPTH, ROWS, WIDTH, multiply_tile, pack_rows, transpose


class Images(NamedTuple):
    """Channels [channel, channel + share) of images (n, channels, pixels) in flat memory."""

    memory: Array
    channels: int
    channel: int
    share: int
    pixels: int


@jit
def _pack_lanes(images: Images, image: int, place: int, together: int, lanes: int, out: Array) -> None:
    """out[block, place, q, l] = images[image, block * lanes + l, q]; nothing past the channels."""
    pixels = images.pixels
    width = WIDTH // out.itemsize
    for channel in range(0, images.share, width):
        rows = min(width, images.share - channel)
        source = (image * images.channels + images.channel + channel) * pixels
        target = ((channel // lanes * together + place) * pixels) * lanes + channel % lanes
        transpose(images.memory, source, pixels, rows, pixels, out, target, lanes)


@jit
def _pack_channels(images: Images, image: int, place: int, together: int, step: int, out: Array) -> None:
    """out[panel, place, q, r] = images[image, panel * ROWS + r, q], 0 past the channels."""
    pixels = images.pixels
    for first in range(0, images.share, ROWS):
        source = (image * images.channels + images.channel + first) * pixels
        target = (first // ROWS * together + place) * step
        pack_rows(images.memory, source, pixels, images.share - first, pixels, out, target)


@jit
def _pack_taps(
    images: Images,
    image: int,
    place: int,
    together: int,
    step: int,
    taps: int,
    meetings: Meetings,
    out: Array,
) -> None:
    """out[panel, place, q, r] = images[image, channel, s] if q meets s in tap, 0 otherwise.

    The row panel * ROWS + r stands for (channel, tap). meetings: for each q its taps and its pixels s.
    """
    row = np.arange((images.share * taps + ROWS - 1) // ROWS * ROWS)
    starts = (row // ROWS * together + np.int64(place)) * step + row % ROWS
    for start in starts[::ROWS]:
        out[start : start + step] = 0
    for channel in range(images.share):
        source = (image * images.channels + images.channel + channel) * images.pixels
        pixels, rows = images.memory[source : source + images.pixels], starts[channel * taps :]
        for q in range(meetings.first.size - 1):
            for j in range(meetings.first[q], meetings.first[q + 1]):
                out[rows[meetings.left[j]] + q * ROWS] = pixels[meetings.right[j]]


@parallel_jit
def pack(
    lane_images: Images,
    row_images: Images,
    first: int,
    together: int,
    lanes: int,
    step: int,
    taps: int,
    meetings: Meetings,
    lane_out: Array,
    row_out: Array,
) -> None:
    """Some images of both sides; taps > 0 spreads them over the rows. One iteration owns an image."""
    for place in numba.prange(together):
        _pack_lanes(lane_images, first + place, place, together, lanes, lane_out)
        if taps > 0:
            _pack_taps(row_images, first + place, place, together, step, taps, meetings, row_out)
        else:
            _pack_channels(row_images, first + place, place, together, step, row_out)


@jit
def _sum_units(
    first_unit: int,
    last_unit: int,
    rows: Array,
    lanes_of: Array,
    sums: Array,
    images: int,
    row_step: int,
    lane_step: int,
    panels: int,
    lanes: int,
    meetings: Meetings,
) -> None:
    """Add some images to the sums of a range of units: each a block of lanes, a tap and a panel of rows."""
    taps = meetings.first.size - 1
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


@parallel_jit
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

    One iteration owns a share of the units, so that the order of every sum is fixed.
    """
    units = blocks * (meetings.first.size - 1) * panels
    for worker in numba.prange(workers):
        first, last = worker * units // workers, (worker + 1) * units // workers
        _sum_units(first, last, rows, lanes_of, sums, images, row_step, lane_step, panels, lanes, meetings)


@parallel_jit
def unpack_by_tap(sums: Array, start: int, o: int, c: int, taps: int, lanes: int, gw: Array) -> None:
    """gw[start + (o, c, tap)] from sums[c's block, tap, o's panel, r, l]. One iteration owns an output."""
    panels = (o + ROWS - 1) // ROWS
    width = WIDTH // sums.itemsize
    for output in numba.prange(o):
        for channel in range(0, c, width):
            block = channel // lanes
            source = (block * taps * panels + output // ROWS) * ROWS + output % ROWS
            target = start + (output * c + channel) * taps
            count = min(width, c - channel)
            transpose(
                sums, source * lanes + channel % lanes, panels * ROWS * lanes, taps, count, gw, target, taps
            )


@jit
def unpack_rows(
    sums: Array,
    start: int,
    rows: int,
    taps: int,
    lane_count: int,
    steps: tuple[int, int],
    lanes: int,
    gw: Array,
) -> None:
    """gw[start + channel * steps[0] + tap + lane * steps[1]] from sums[block, panel, r, l].

    A row stands for (channel, tap).
    """
    panels = (rows + ROWS - 1) // ROWS
    for row in range(rows):
        for lane in range(lane_count):
            source = ((lane // lanes * panels + row // ROWS) * ROWS + row % ROWS) * lanes + lane % lanes
            gw[start + row // taps * steps[0] + row % taps + lane * steps[1]] = sums[source]
