"""Index tables of the convolutions: which element meets which, worked out once per geometry in plain Python.

A convolution with a stride becomes one without. conv2d cuts its padded input into *planes*, one per channel
and remainder of the position modulo the stride; conv_transpose2d cuts its output into *phases* in the same
way. Then each kernel element (a *tap*) meets the planes at a constant shift, so that in the flattened planes

    y[o, q] = sum over k of weights[o, k] * planes[q + shift[k]]

for every column q of the grid: a matrix product whose right-hand side needs no copy per tap. Columns that
wrap around the right or bottom edge of the grid hold no output; the tables list those that do.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minigrad.kernels import Pair

Table = NDArray[np.int64]


class Planes(NamedTuple):
    """An image sampled: plane v holds x[channel[v], r * step_h + top[v], s * step_w + left[v]] or 0."""

    channel: Table  # counted within the group; -1 for a plane of zeros
    top: Table
    left: Table
    step_h: int
    step_w: int
    grid_h: int
    grid_w: int


class Taps(NamedTuple):
    """conv2d or conv_transpose2d of blocks of images."""

    block: int  # images that share one flattened grid
    phase_taps: Table  # (phases + 1,) the phase's first tap
    shift: Table  # (taps,) where the tap meets the flattened planes, relative to the column
    weight: Table  # (taps,) the tap's offset in one output channel's weights
    phase_panel: Table  # (phases + 1,) the phase's first panel of columns
    panel_start: Table  # (panels,) the panel's first column
    panel_first: Table  # (panels + 1,) the panel's first entry in the two tables below
    lane: Table  # (entries,) a column that holds an output, counted from its panel's first
    pixel: Table  # (entries,) where that output lies in the block of output images
    image: Table  # (entries,) the image in the block that it belongs to


class Items(NamedTuple):
    """conv2d_weight: blocks of `lanes` planes, the lane the fastest axis, times panels of gradients."""

    block: int  # images whose places are summed in one go
    row: Table  # (block * oh * ow,) where the place's row of lanes starts in the flattened grid
    item_block: Table  # (items,) the block of planes that the item reads
    item_shift: Table  # (items,) by how many rows
    item_weight: Table  # (items * lanes,) the offset in one output channel's weights, -1 for none


@lru_cache(maxsize=256)
def plan_conv2d(
    n: int,
    shape: tuple[int, int, int],
    size: Pair,
    kernel: Pair,
    stride: Pair,
    dilation: Pair,
    padding: Pair,
    channels: int,
    lanes: int,
) -> tuple[Planes, Taps]:
    """conv2d: shape (c / groups, h, w) -> size (oh, ow); `channels` counts those of y over all groups."""
    planes, tap_plane, tap_y, tap_x = _strided_planes(shape[0], size, kernel, stride, dilation, padding)
    block = _images_per_block(n, planes, lanes)
    area = planes.grid_h * planes.grid_w
    shift = tap_plane * (block * area) + tap_y * planes.grid_w + tap_x
    phases = [(shift, np.arange(shift.size), (0, 0))]
    return _tap_plan(planes, block, phases, size, (1, 1), channels, lanes)


@lru_cache(maxsize=256)
def plan_conv_transpose2d(
    n: int,
    c: int,
    size: Pair,
    kernel: Pair,
    stride: Pair,
    dilation: Pair,
    padding: Pair,
    weight_step: int,
    channels: int,
    lanes: int,
) -> tuple[Planes, Taps]:
    """conv_transpose2d: c input channels per group -> size; `weight_step` is the weights' stride along c."""
    # y[q * stride + phase] takes tap i from x[q + offset] where that is whole:
    # offset = (phase + padding - i * dilation) / stride
    offsets: list[list[list[Pair]]] = []  # per axis and phase: (tap, offset)
    before, grid = [], []
    for axis in (0, 1):
        taps = [
            [
                (i, (phase + padding[axis] - i * dilation[axis]) // stride[axis])
                for i in range(kernel[axis])
                if (phase + padding[axis] - i * dilation[axis]) % stride[axis] == 0
            ]
            for phase in range(min(stride[axis], size[axis]))
        ]
        places = [-(-(size[axis] - phase) // stride[axis]) for phase in range(len(taps))]
        lead = max([0, *(-offset for phase in taps for _, offset in phase)])
        reach = [
            count + lead + offset for count, phase in zip(places, taps, strict=True) for _, offset in phase
        ]
        offsets.append([[(i, offset + lead) for i, offset in phase] for phase in taps])
        before.append(lead)
        grid.append(max([1, *places, *reach]))
    planes = Planes(np.arange(c), np.full(c, -before[0]), np.full(c, -before[1]), 1, 1, grid[0], grid[1])
    block = _images_per_block(n, planes, lanes)
    channel = np.arange(c)[:, None]
    phases = []
    for (py, rows), (px, cols) in product(enumerate(offsets[0]), enumerate(offsets[1])):
        inside = np.array([y * grid[1] + x for (_, y), (_, x) in product(rows, cols)], np.int64)
        weight = np.array([i * kernel[1] + j for (i, _), (j, _) in product(rows, cols)], np.int64)
        shift = (channel * (block * grid[0] * grid[1]) + inside).ravel()
        phases.append((shift, (channel * weight_step + weight).ravel(), (py, px)))
    return _tap_plan(planes, block, phases, size, stride, channels, lanes)


@lru_cache(maxsize=256)
def plan_conv2d_weight(
    n: int, c: int, size: Pair, kernel: Pair, stride: Pair, dilation: Pair, padding: Pair, lanes: int
) -> tuple[Planes, Items]:
    """conv2d_weight: c channels per group, `size` places."""
    taps = kernel[0] * kernel[1]
    if 2 * c >= lanes or taps == 1:
        planes, tap_plane, tap_y, tap_x = _strided_planes(c, size, kernel, stride, dilation, padding)
        blocks = -(-c // lanes)
        remainders = planes.channel.size // c
        # one block of planes per remainder and `lanes` channels, one item per tap and block of channels
        channel = np.arange(blocks * lanes)
        channel[c:] = -1
        order = (np.clip(channel, 0, c - 1) * remainders + np.arange(remainders)[:, None]).ravel()
        planes = planes._replace(
            channel=np.tile(channel, remainders), top=planes.top[order], left=planes.left[order]
        )
        block = np.arange(blocks)[:, None]
        item_block = (tap_plane[:taps] * blocks + block).ravel()
        item_shift = np.tile(tap_y[:taps] * planes.grid_w + tap_x[:taps], blocks)
        item_channel = channel.reshape(blocks, 1, lanes)
        weight = np.where(item_channel < 0, -1, item_channel * taps + np.arange(taps)[:, None]).ravel()
    else:  # few channels would leave most lanes empty: a plane per channel and tap instead
        count = -(-c * taps // lanes) * lanes
        weight = np.arange(count)
        weight[c * taps :] = -1
        tap = weight % taps
        planes = Planes(
            np.where(weight < 0, -1, weight // taps),
            tap // kernel[1] * dilation[0] - padding[0],
            tap % kernel[1] * dilation[1] - padding[1],
            *stride,
            *size,
        )
        item_block = np.arange(count // lanes)
        item_shift = np.zeros_like(item_block)
    together = max(1, min(n, 256 // max(size[0] * size[1], 1)))
    image, y, x = np.indices((together, *size)).reshape(3, -1)
    row = ((image * planes.grid_h + y) * planes.grid_w + x) * lanes
    return planes, Items(together, row, item_block, item_shift, weight)


def _strided_planes(
    c: int, size: Pair, kernel: Pair, stride: Pair, dilation: Pair, padding: Pair
) -> tuple[Planes, Table, Table, Table]:
    """The padded input cut by position modulo the stride; per channel and tap: its plane and shift there."""
    remainders, quotients, which = [], [], []
    for axis in (0, 1):
        quotient, remainder = np.divmod(np.arange(kernel[axis]) * dilation[axis], stride[axis])
        kept, index = np.unique(remainder, return_inverse=True)
        remainders.append(kept)
        quotients.append(quotient)
        which.append(index)
    per_channel = remainders[0].size * remainders[1].size
    planes = Planes(
        np.repeat(np.arange(c), per_channel),
        np.tile(np.repeat(remainders[0] - padding[0], remainders[1].size), c),
        np.tile(remainders[1] - padding[1], c * remainders[0].size),
        *stride,
        size[0] + int(quotients[0].max()),
        size[1] + int(quotients[1].max()),
    )
    inside = (which[0][:, None] * remainders[1].size + which[1]).ravel()
    tap_plane = (np.arange(c)[:, None] * per_channel + inside).ravel()
    tap_y = np.tile(np.repeat(quotients[0], kernel[1]), c)
    tap_x = np.tile(quotients[1], c * kernel[0])
    return planes, tap_plane, tap_y, tap_x


def _images_per_block(n: int, planes: Planes, lanes: int) -> int:
    """Enough images to fill a few panels of columns."""
    return max(1, min(n, 4 * lanes // (planes.grid_h * planes.grid_w)))


def _tap_plan(
    planes: Planes,
    block: int,
    phases: list[tuple[Table, Any, Pair]],
    size: Pair,
    step: Pair,
    channels: int,
    lanes: int,
) -> tuple[Planes, Taps]:
    phase_taps, phase_panel, panel_start, counts = [0], [0], [], [0]
    lane, pixel, image = [], [], []
    for shift, _, (py, px) in phases:
        places = (block, -(-(size[0] - py) // step[0]), -(-(size[1] - px) // step[1]))
        i, y, x = np.indices(places).reshape(3, -1)
        column = (i * planes.grid_h + y) * planes.grid_w + x
        starts, count = np.unique(column // lanes, return_counts=True)
        lane.append(column % lanes)
        pixel.append((i * channels * size[0] + py + y * step[0]) * size[1] + px + x * step[1])
        image.append(i)
        panel_start.extend(starts * lanes)
        counts.extend(count)
        phase_taps.append(phase_taps[-1] + shift.size)
        phase_panel.append(len(panel_start))
    taps = Taps(
        block,
        _table(phase_taps),
        _joined([shift for shift, _, _ in phases]),
        _joined([weight for _, weight, _ in phases]),
        _table(phase_panel),
        _table(panel_start),
        np.cumsum(_table(counts)),
        _joined(lane),
        _joined(pixel),
        _joined(image),
    )
    return planes, taps


def _table(values: list[Any]) -> Table:
    return np.array(values, np.int64)


def _joined(tables: list[Table]) -> Table:
    return np.concatenate([np.zeros(0, np.int64), *tables]).astype(np.int64)
