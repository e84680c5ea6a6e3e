"""Convolutions with 4x4 kernels and stride 2 by fewer multiplications.

Such a convolution is a sum over the four remainders of the position modulo 2 of convolutions with 2x2 taps
and stride 1; the transposed one gives each remainder of its output so. Winograd's minimal algorithms
(``algorithm``) find 4 outputs of 2 taps with 5 products instead of 8, along each axis: 25 instead of 64
for a tile of 4x4. The images lie in the lanes as in ``conv/images``. Only float32 takes this way: who
computes in float64 needs the digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from minigrad.kernels.cpu.bias import Epilogue, finish
from minigrad.kernels.cpu.conv.images import load_pixels, pack_panel, store_pixels
from minigrad.kernels.cpu.conv.tables import Geometry, Table
from minigrad.kernels.cpu.conv.winograd.algorithm import (
    KERNEL,
    NARROW,
    POINTS,
    TAPS,
    WIDE,
    Axis,
    cut,
    input_matrix,
    inside,
    joined,
    odd_lines,
    output_matrix,
    weight_matrix,
)
from minigrad.kernels.cpu.conv.winograd.range import SAMPLED, SPARE, load_noting, mark_doubtful, note_tops
from minigrad.kernels.cpu.conv.winograd.transform import Matrix, sandwich
from minigrad.kernels.cpu.runtime.compiling import Array, contiguous, jit, launch, workspace
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.keeping import shelf
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.magnitude import greatest, note_greatest
from minigrad.kernels.cpu.tiles.tile import DEPTH, ROWS, TILE, WIDTH, multiply_far, packed_size

HELD = 4  # panels whose transformed weights and products are kept at a time, so that they fit the cache
NEAR = 1 << 22  # bytes of weights: more than this are made as they are needed, so that they stay near
NEIGHBOURS = 4  # tiles that share the weights while they are near, unless a row has more


def _by_kind(matrix: Callable[[int], Matrix], s_step: int, t_step: int) -> list[Callable[..., None]]:
    """For tiles of each kind: wide both ways, with narrow columns, with narrow rows, narrow both ways."""
    sizes = [(rows, columns) for rows in (WIDE, NARROW) for columns in (WIDE, NARROW)]
    return [sandwich(matrix(rows), matrix(columns), s_step, t_step) for rows, columns in sizes]


_inputs, _inputs_nc, _inputs_nr, _inputs_nn = _by_kind(input_matrix, POINTS, POINTS)
_outputs, _outputs_nc, _outputs_nr, _outputs_nn = _by_kind(output_matrix, POINTS, WIDE)
_transform_weights = sandwich(weight_matrix(), weight_matrix(), 2, POINTS)


class Plan(NamedTuple):
    """Tiles of a convolution: groups of whole rows of tiles, one after the other.

    The remainders modulo 2 are counted over both axes: 4 on the side with stride, 1 on the other.
    """

    tiles: int  # in a group
    reads: Table  # (2, groups) the pixels of the input that a group reads: the first, and one past the last
    writes: Table  # (2, groups) those of the output that it writes
    kinds: Table  # (groups, tiles) 1 if narrow columns, 2 if narrow rows, their sum if both
    # pixel counted from the first, or one past the last for zero: (groups, tiles, remainders, 25)
    inputs: Table
    outputs: Table  # (groups, tiles, remainders, 16) pixel of the output, or one past the last for none
    taps: Table  # (remainders, 4)


@shelf.keeps
def plan_conv2d(geometry: Geometry) -> Plan:
    """y[q] = sum over remainder b and a of w[2 a + b] x[2 (q + a) + b - padding], a in 0, 1."""
    axes, inputs, outputs = [], [], []
    for size, places, p in zip(geometry.size, geometry.places, geometry.padding, strict=True):
        axis = cut(places)
        axes.append(axis)
        inputs.append(inside(2 * axis.inputs()[:, None, :] + np.arange(2)[:, None] - p, size))
        outputs.append(inside(axis.outputs()[:, None, :], places))
    return _plan(axes, inputs, outputs, geometry.size, geometry.places, TAPS)


@shelf.keeps
def plan_conv_transpose2d(geometry: Geometry) -> Plan:
    """y[2 u + b - padding] = sum over a of w[2 (1 - a) + b] x[u - 1 + a], a in 0, 1: the adjoint.

    The remainders b share their tiles, although they begin and end elsewhere. What reads nothing stays zero.
    """
    axes, inputs, outputs = [], [], []
    for size, places, p in zip(geometry.size, geometry.places, geometry.padding, strict=True):
        first, last = p // 2, (size - 1 + p) // 2
        axis = cut(last + 1 - first)
        axis = axis._replace(starts=axis.starts + first)
        axes.append(axis)
        inputs.append(inside(axis.inputs()[:, None, :] - 1, places))
        outputs.append(inside(2 * axis.outputs()[:, None, :] + np.arange(2)[:, None] - p, size))
    plan = _plan(axes, inputs, outputs, geometry.places, geometry.size, TAPS[:, ::-1].copy())
    for axis, places, own in zip(axes, geometry.places, outputs, strict=True):
        own[np.broadcast_to(axis.outputs()[:, None, :] > places, own.shape)] = -1
    return plan._replace(outputs=_places(outputs, geometry.size).reshape(plan.outputs.shape))


def _plan(
    axes: list[Axis],
    inputs: list[Table],
    outputs: list[Table],
    size: tuple[int, int],
    result: tuple[int, int],
    taps: Table,
) -> Plan:
    """The tables of both axes joined; positions outside the input or the result are marked."""
    tall, wide = axes
    rows = 1 if tall.tiles * wide.tiles > NEIGHBOURS else tall.tiles  # of tiles in a group
    groups, tiles = tall.tiles // rows, rows * wide.tiles
    reads, writes = _range(inputs[0].reshape(groups, -1)), _range(outputs[0].reshape(groups, -1))
    reads, writes = reads * size[1], writes * result[1]
    pixels = joined(inputs, size[1]).reshape(groups, -1)
    pixels = np.where(pixels < 0, (reads[1] - reads[0])[:, None], pixels - reads[0][:, None])
    narrow = [np.arange(axis.tiles) >= axis.wide for axis in axes]
    kinds = 2 * narrow[0][:, None] + narrow[1]
    return Plan(
        tiles, reads, writes, kinds.reshape(groups, tiles), pixels.reshape(groups, tiles, -1, POINTS**2),
        _places(outputs, result).reshape(groups, tiles, -1, WIDE**2), taps,
    )  # fmt: skip


def _places(outputs: list[Table], size: tuple[int, int]) -> Table:
    """By axes -> pixels of the output, or one past the last."""
    places = joined(outputs, size[1])
    return np.where(places < 0, size[0] * size[1], places)


def _range(positions: Table) -> Table:
    """(2, groups) the least position of each row, and one past the greatest; -1 does not count."""
    last = positions.max(axis=1) + 1
    first = np.where(positions < 0, last[:, None], positions).min(axis=1)
    return np.stack([first, last])


class Sizes(NamedTuple):
    """Of the weights, and of what a worker holds."""

    o_step: int  # in w, from an output to the next
    c_step: int  # and from a channel to the next
    row: int  # elements of the weights of a point, a remainder of outputs and a panel
    held: int  # panels whose weights are held
    together: int  # panels whose products are held
    lanes: int
    grid: int  # elements of a channel's pixels
    transformed: int  # of the transformed images
    products: int
    staged: int  # outputs on their way to y


class Noted(NamedTuple):
    """Greatest magnitudes, NaN above all: where they say so, an image is left to the direct product."""

    images: Array  # (blocks, groups, lanes) of what a group of tiles reads of an image, or infinity
    weights: Array  # (panels,)


def convolve(x: Array, w: Array, y: Array, plan: Plan, o_step: int, c_step: int, epilogue: Epilogue) -> Array:
    """Fill y but for the images whose numbers are given back: those ``range`` leaves to others.

    An output's weights start every ``o_step``, a channel's every ``c_step``.
    """
    c, o, lanes = x.shape[1], y.shape[1], TILE.lanes(x.itemsize)
    groups, tiles, inputs, outputs = *plan.inputs.shape[:3], plan.outputs.shape[2]
    panels, depth, together = -(-o // ROWS), c * inputs, max(1, HELD // outputs)
    items = -(-len(x) // lanes) * groups
    row = packed_size(depth, lanes)
    pixels, results = x[0, 0].size, y[0, 0].size
    with launch(len(x) * c * o * results) as allowed:
        workers = min(allowed, items)
        far = POINTS**2 * outputs * panels * row * x.itemsize > NEAR
        sizes = Sizes(
            o_step,
            c_step,
            row,
            HELD if far and items == workers else panels,
            together,
            lanes,
            grid=(int((plan.reads[1] - plan.reads[0]).max()) + 1) * lanes,  # and a pixel of zeros
            transformed=POINTS**2 * odd_lines(tiles * depth * lanes),
            products=together * outputs * tiles * POINTS**2 * ROWS * lanes,
            staged=(results + 1) * lanes,  # and a pixel that is thrown away
        )
        noted = Noted(
            np.empty((-(-len(x) // lanes), groups, lanes), x.dtype),
            np.empty(panels, x.dtype),
        )
        doubtful = np.empty(len(x), np.bool_)
        images, result = contiguous(x).reshape(len(x), c, pixels), y.reshape(len(y), o, results)
        packed, weights, scratch = workspace.take(
            x.dtype,
            sizes.held * packed_size(c * KERNEL, lanes),
            POINTS**2 * odd_lines(outputs * sizes.held * row),
            workers
            * (2 * sizes.grid + (1 + SPARE) * lanes + sizes.transformed + sizes.products + sizes.staged),
        )
        _convolve(
            images, contiguous(w).reshape(-1), result, packed, weights, scratch.reshape(workers, -1), sizes,
            plan, plan.taps * ROWS, epilogue, noted, doubtful,
        )  # fmt: skip
    return np.flatnonzero(doubtful)


@inner_jit
def _pack_panel(
    index: int, w: Array, top: int, o: int, c: int, sizes: Sizes, taps: Table, inputs: int, packed: Array,
    out: Array, noted: Noted,
) -> None:  # fmt: skip
    """out[point, output's remainder, index, (c, input's remainder), r] = (G g G^T)[point] of a panel."""
    width, held, row = WIDTH // w.itemsize, sizes.held, sizes.row
    direct, first = packed.size // held * index, (top + index) * ROWS
    pack_panel(w, first * sizes.o_step, o - first, c, KERNEL, sizes.o_step, sizes.c_step, packed, direct)
    noted.weights[top + index] = greatest(packed, direct, c * KERNEL * ROWS)
    targets = np.arange(POINTS**2) * (out.size // POINTS**2)
    for channel in range(c):
        source = direct + channel * KERNEL * ROWS
        for b in range(taps.shape[0]):
            if inputs == 1:
                target = (b * held + index) * row + channel * ROWS
            else:
                target = index * row + (channel * inputs + b) * ROWS
            # a vector writes past its rows, where the next channel will write later
            for r in range((ROWS - 1) // width * width, -1, -width):
                _transform_weights(packed, source + r, taps, b * 4, out, target + r, targets, 0)


@inner_jit
def _transform_patch(
    kind: int, grid: Array, lane: int, at: Table, first: int, out: Array, to: int, targets: Table
) -> None:
    """B^T d B of a tile of a kind: its inputs from at[first] on, a point's value at targets[point]."""
    if kind == 0:
        _inputs(grid, lane, at, first, out, to, targets, 0)
    elif kind == 1:
        _inputs_nc(grid, lane, at, first, out, to, targets, 0)
    elif kind == 2:
        _inputs_nr(grid, lane, at, first, out, to, targets, 0)
    else:
        _inputs_nn(grid, lane, at, first, out, to, targets, 0)


@inner_jit
def _finish_patch(
    kind: int, products: Array, start: int, at: Table, out: Array, lane: int, targets: Table, first: int
) -> None:
    """A^T P A of a tile of a kind: a point's value from at[point], its outputs at targets[first] and on."""
    if kind == 0:
        _outputs(products, start, at, 0, out, lane, targets, first)
    elif kind == 1:
        _outputs_nc(products, start, at, 0, out, lane, targets, first)
    elif kind == 2:
        _outputs_nr(products, start, at, 0, out, lane, targets, first)
    else:
        _outputs_nn(products, start, at, 0, out, lane, targets, first)


@inner_jit
def _transform_images(
    x: Array, first: int, count: int, group: int, plan: Plan, lanes: int, grid: Array, noted: Array,
    peaks: Array, out: Array,
) -> None:  # fmt: skip
    """out[point, tile, (c, remainder), l] = (B^T d B)[point] of a block of images and a group of tiles.

    peaks[l] is the greatest magnitude, noted[pixel, l] that over one of SAMPLED channels.
    """
    width = WIDTH // x.itemsize
    begin, end = plan.reads[0, group], plan.reads[1, group]
    c, remainders = x.shape[1], plan.inputs.shape[2]
    grid[(end - begin) * lanes :] = 0
    noted[:], peaks[:] = 0, 0
    sources = plan.inputs[group].reshape(-1) * lanes
    targets = np.arange(POINTS**2) * (out.size // POINTS**2)
    for channel in range(c):
        load_noting(x, first, count, channel, begin, end, grid, lanes, peaks)
        if channel % SAMPLED == 0:
            note_greatest(grid, 0, noted, 0, (end - begin) * lanes)
        for patch in range(plan.tiles * remainders):
            tile, b = patch // remainders, patch % remainders
            kind, at = plan.kinds[group, tile], ((tile * c + channel) * remainders + b) * lanes
            for lane in range(0, lanes, width):
                _transform_patch(kind, grid, lane, sources, patch * POINTS**2, out, at + lane, targets)


@inner_jit
def _note_images(
    x: Array, first: int, count: int, group: int, plan: Plan, lanes: int, grid: Array, noted: Array
) -> None:
    """noted[pixel, l] = the greatest magnitude over all channels."""
    begin, end = plan.reads[0, group], plan.reads[1, group]
    for channel in range(x.shape[1]):
        load_pixels(x.reshape(-1), first, count, x.shape[1], channel, x.shape[2], begin, end, grid, 0, lanes)
        note_greatest(grid, 0, noted, 0, (end - begin) * lanes)


@jit
def _has(kind: int, point: int) -> bool:
    """Whether a tile of the kind has the point: the narrow lack the last one of their axis."""
    last = POINTS - 1
    return (kind < 2 or point // POINTS < last) and (kind % 2 == 0 or point % POINTS < last)


@inner_jit
def _multiply_panels(
    w: Array, transformed: Array, group: int, channels: int, panel: int, together: int, plan: Plan,
    sizes: Sizes, products: Array,
) -> None:  # fmt: skip
    """products[panel, tile, remainder, point, (r, l)], of ``together`` of the panels that are held."""
    lanes, tiles, remainders = sizes.lanes, plan.tiles, plan.outputs.shape[2]
    depth, tile_size = channels * plan.inputs.shape[2], ROWS * lanes
    nowhere = np.zeros(1, np.int64)
    for point in range(POINTS**2):
        for which in range(remainders * together):
            b, p = which // together, which % together
            weights = point * (w.size // POINTS**2) + (b * sizes.held + panel + p) * sizes.row
            for tile in range(tiles):
                if not _has(plan.kinds[group, tile], point):
                    continue
                right = point * (transformed.size // POINTS**2) + tile * depth * lanes
                target = ((p * tiles + tile) * remainders + b) * POINTS**2 + point
                for k in range(0, depth, DEPTH):
                    # (ROWS, depth) @ (depth, lanes) -> (ROWS, lanes)
                    multiply_far(
                        w, weights + k * ROWS, ROWS, nowhere,
                        transformed, right + k * lanes, lanes, nowhere,
                        0, 1, min(DEPTH, depth - k), products, target * tile_size, lanes, k == 0,
                    )  # fmt: skip


@inner_jit
def _store_panels(
    products: Array, group: int, first: int, channel: int, channels: int, plan: Plan, sizes: Sizes,
    epilogue: Epilogue, staged: Array, y: Array,
) -> None:  # fmt: skip
    """The outputs of a group of tiles of images from ``first`` on, for some channels from ``channel`` on."""
    lanes, width = sizes.lanes, WIDTH // y.itemsize
    patches, tile_size = plan.tiles * plan.outputs.shape[2], ROWS * lanes
    count = min(lanes, y.shape[0] - first)
    sources = np.arange(POINTS**2) * tile_size
    targets = plan.outputs[group].reshape(-1) * lanes
    begin, end = plan.writes[0, group], plan.writes[1, group]
    result, o, pixels = y.reshape(-1), y.shape[1], y.shape[2]
    for index in range(channels):
        p, r = index // ROWS, index % ROWS
        for patch in range(patches):
            source = (p * patches + patch) * POINTS**2 * tile_size + r * lanes
            kind, to = plan.kinds[group, patch // plan.outputs.shape[2]], patch * WIDE**2
            for lane in range(0, lanes, width):
                _finish_patch(kind, products, source + lane, sources, staged, lane, targets, to)
        finish(staged[begin * lanes : end * lanes], channel + index, epilogue)
        store_pixels(
            staged, begin * lanes, lanes, first, count, o, channel + index, pixels, begin, end, result
        )


@inner_jit
def _convolve_share(
    worker: int, x: Array, w: Array, y: Array, scratch: Array, top: int, bottom: int, sizes: Sizes,
    plan: Plan, epilogue: Epilogue, noted: Noted,
) -> None:  # fmt: skip
    """A worker's share of the items, a block of images and a group of tiles, for the panels that are held."""
    workers, groups, lanes = scratch.shape[0], plan.inputs.shape[0], sizes.lanes
    items = (x.shape[0] + lanes - 1) // lanes * groups
    own = scratch[worker]
    grid, own = own[: sizes.grid], own[sizes.grid :]
    transformed, own = own[: sizes.transformed], own[sizes.transformed :]
    products, own = own[: sizes.products], own[sizes.products :]
    staged, own = own[: sizes.staged], own[sizes.staged :]
    largest, own = own[: sizes.grid], own[sizes.grid :]
    peaks, spare = own[:lanes], own[lanes : (1 + SPARE) * lanes]
    staged[:] = 0
    for item in range(worker * items // workers, (worker + 1) * items // workers):
        first, group = item // groups * lanes, item % groups
        if top == 0:
            count = min(lanes, x.shape[0] - first)
            tops, pixels = noted.images[item // groups, group], plan.reads[1, group] - plan.reads[0, group]
            inputs, kinds = plan.inputs[group], plan.kinds[group]
            _transform_images(x, first, count, group, plan, lanes, grid, largest, peaks, transformed)
            note_tops(largest, pixels, inputs, kinds, count, lanes, spare, peaks, tops)
            if not tops[:count].max() < np.inf:
                peaks[:] = 0
                _note_images(x, first, count, group, plan, lanes, grid, largest)
                note_tops(largest, pixels, inputs, kinds, count, lanes, spare, peaks, tops)
        for panel in range(top, bottom, sizes.together):
            together, channel = min(sizes.together, bottom - panel), panel * ROWS
            _multiply_panels(w, transformed, group, x.shape[1], panel - top, together, plan, sizes, products)
            channels = min(together * ROWS, y.shape[1] - channel)
            _store_panels(products, group, first, channel, channels, plan, sizes, epilogue, staged, y)


@jit
def _convolve(
    x: Array, w: Array, y: Array, packed: Array, weights: Array, scratch: Array, sizes: Sizes, plan: Plan,
    taps: Table, epilogue: Epilogue, noted: Noted, doubtful: Array,
) -> None:  # fmt: skip
    c, o, inputs = x.shape[1], y.shape[1], plan.inputs.shape[2]
    panels = (o + ROWS - 1) // ROWS
    for top in range(0, panels, sizes.held):
        bottom = min(panels, top + sizes.held)
        parallel_for(bottom - top, _pack_panel, w, top, o, c, sizes, taps, inputs, packed, weights, noted)
        parallel_for(
            scratch.shape[0], _convolve_share,
            x, weights, y, scratch, top, bottom, sizes, plan, epilogue, noted,
        )  # fmt: skip
    mark_doubtful(noted.images, x.shape[0], c * inputs * 4, noted.weights, doubtful)
