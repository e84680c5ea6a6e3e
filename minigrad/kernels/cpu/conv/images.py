"""conv2d and conv_transpose2d of many images: the images lie in the lanes of the vectors.

Within a block of images every pixel is one row of lanes, so that an output pixel is a product of the weights
with the pixels that it meets: nothing is gathered, nothing is padded, and no lane is empty.
"""

from __future__ import annotations

from typing import NamedTuple

from minigrad.kernels.cpu.conv.tables import Meetings
from minigrad.kernels.cpu.runtime.compiling import Array, jit
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.tile import ROWS, WIDTH, multiply_row, multiply_tile, pack_rows, transpose


class Sizes(NamedTuple):
    """Channels ``c`` and outputs ``o`` of one group, and how many channels are summed at a time."""

    groups: int
    c: int
    o: int
    taps: int
    chunk: int
    lanes: int


@jit
def pack_weights(
    w: Array, groups: int, o: int, c: int, taps: int, o_step: int, c_step: int, group_step: int, out: Array
) -> None:
    """out[group, panel, c, tap, r] = w[group, output panel * ROWS + r, c, tap].

    An output's weights start every ``o_step``, a channel's every ``c_step``, a group's every ``group_step``.
    """
    items = groups * ((o + ROWS - 1) // ROWS)
    parallel_for(items, _pack_item, w, groups, o, c, taps, o_step, c_step, group_step, out)


@inner_jit
def _pack_item(
    item: int,
    w: Array,
    groups: int,
    o: int,
    c: int,
    taps: int,
    o_step: int,
    c_step: int,
    group_step: int,
    out: Array,
) -> None:
    panels = (o + ROWS - 1) // ROWS
    group, panel = item // panels, item % panels
    start, at = group * group_step + panel * ROWS * o_step, item * (out.size // (groups * panels))
    pack_panel(w, start, o - panel * ROWS, c, taps, o_step, c_step, out, at)


@inner_jit
def pack_panel(
    w: Array, start: int, rows: int, c: int, taps: int, o_step: int, c_step: int, out: Array, at: int
) -> None:
    """out[at + (c, tap, r)] = w[start + r o_step + c c_step + tap], 0 for r >= rows."""
    runs, length = c, taps
    if c_step == taps:  # the channels of an output are one run
        runs, length = 1, c * taps
    for run in range(runs):
        pack_rows(w, start + run * c_step, o_step, rows, length, out, at + run * length * ROWS)


@inner_jit
def load_pixels(
    x: Array,
    first: int,
    count: int,
    channels: int,
    channel: int,
    pixels: int,
    begin: int,
    end: int,
    out: Array,
    at: int,
    lanes: int,
) -> None:
    """out[at + (q - begin) lanes + i] = x[first + i, channel, q] for i < count, begin <= q < end."""
    width, step = WIDTH // x.itemsize, channels * pixels
    for half in range(0, count, width):
        source = (first + half) * step + channel * pixels + begin
        transpose(x, source, step, min(width, count - half), end - begin, out, at + half, lanes)


@inner_jit
def store_pixels(
    rows: Array,
    at: int,
    row_step: int,
    first: int,
    count: int,
    channels: int,
    channel: int,
    pixels: int,
    begin: int,
    end: int,
    y: Array,
) -> None:
    """y[first + i, channel, q] = rows[at + (q - begin) row_step + i] for i < count, begin <= q < end."""
    width, step = WIDTH // y.itemsize, channels * pixels
    for half in range(0, count, width):
        target = (first + half) * step + channel * pixels + begin
        transpose(rows, at + half, row_step, end - begin, min(width, count - half), y, target, step)


@inner_jit
def _convolve_item(
    x: Array,
    w: Array,
    y: Array,
    grid: Array,
    tiles: Array,
    first: int,
    group: int,
    top: int,
    bottom: int,
    meetings: Meetings,
    dims: Sizes,
) -> None:
    """y of a block of images and a group, for panels ``top`` to ``bottom`` of its output channels."""
    groups, c, o, taps, chunk, lanes = dims
    n = x.shape[0]
    pixels, outputs = x.shape[1] // (groups * c), y.shape[1] // (groups * o)
    panels = (o + ROWS - 1) // ROWS
    size = w.size // (groups * panels)
    count = min(lanes, n - first)
    flat, result = x.reshape(-1), y.reshape(-1)
    few = o == 1
    tile = (1 if few else ROWS) * lanes
    for begin in range(0, c, chunk):
        together = min(chunk, c - begin)
        for channel in range(together):
            at = channel * pixels * lanes
            load_pixels(
                flat,
                first,
                count,
                groups * c,
                group * c + begin + channel,
                pixels,
                0,
                pixels,
                grid,
                at,
                lanes,
            )
        for q in range(outputs):
            j0, j1 = meetings.first[q], meetings.first[q + 1]
            for p in range(top, bottom):
                # (ROWS, together * taps of q) @ (together * taps of q, lanes) -> (ROWS, lanes)
                weights = (group * panels + p) * size + begin * taps * ROWS
                target = ((p - top) * outputs + q) * tile
                if few:
                    multiply_row(
                        w, weights, taps * ROWS, meetings.left, grid, 0, pixels * lanes, meetings.right,
                        j0, j1, together, tiles, target, lanes, begin == 0,
                    )  # fmt: skip
                else:
                    multiply_tile(
                        w, weights, taps * ROWS, meetings.left, grid, 0, pixels * lanes, meetings.right,
                        j0, j1, together, tiles, target, lanes, begin == 0,
                    )  # fmt: skip
    for p in range(top, bottom):
        for r in range(min(ROWS, o - p * ROWS)):
            at = (p - top) * outputs * tile + r * lanes
            channel = group * o + p * ROWS + r
            store_pixels(tiles, at, tile, first, count, groups * o, channel, outputs, 0, outputs, result)


@inner_jit
def _convolve_share(
    worker: int,
    x: Array,
    w: Array,
    y: Array,
    scratch: Array,
    grid_size: int,
    splits: int,
    meetings: Meetings,
    dims: Sizes,
) -> None:
    """A worker's row of scratch and share of the items: a block of images, a group, a range of panels."""
    groups, lanes = dims.groups, dims.lanes
    panels = (dims.o + ROWS - 1) // ROWS
    workers = scratch.shape[0]
    items = (x.shape[0] + lanes - 1) // lanes * groups * splits
    grid, tiles = scratch[worker, :grid_size], scratch[worker, grid_size:]
    for item in range(worker * items // workers, (worker + 1) * items // workers):
        share, group = item % splits, item // splits % groups
        top, bottom = share * panels // splits, (share + 1) * panels // splits
        first = item // (splits * groups) * lanes
        _convolve_item(x, w, y, grid, tiles, first, group, top, bottom, meetings, dims)


@jit
def convolve(
    x: Array,
    w: Array,
    y: Array,
    scratch: Array,
    grid_size: int,
    splits: int,
    meetings: Meetings,
    dims: Sizes,
) -> None:
    """y[n, o, q] = sum over c and the meetings (tap, s) of q of w[o, c, tap] x[n, c, s].

    x (n, channels * pixels), y (n, outputs * pixels), w packed.
    """
    parallel_for(scratch.shape[0], _convolve_share, x, w, y, scratch, grid_size, splits, meetings, dims)
