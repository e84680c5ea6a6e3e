"""Convolutions with 4x4 kernels and stride 2 by fewer multiplications.

Such a convolution is a sum over the four remainders of the position modulo 2 of convolutions with 2x2 taps
and stride 1; the transposed one gives each remainder of its output so. Winograd's minimal algorithm F(4, 2)
finds 4 outputs of 2 taps with 5 products instead of 8, along each axis: 25 instead of 64 for a tile of 4x4.
With g the taps, d the inputs of a tile and * the product by elements, summed over the channels in between,

    y = A^T ((G g G^T) * (B^T d B)) A

(Lavin and Gray 2016, "Fast algorithms for convolutional neural networks", section 4.1). The images lie in the
lanes as in `conv_images`. Only float32 takes this way: who computes in float64 wants the digits.
"""

from __future__ import annotations

import os
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import numba
import numpy as np

from minigrad.kernels.cpu.compiling import Array, contiguous, jit, launch, parallel_jit, workspace
from minigrad.kernels.cpu.conv_images import load_pixels, pack_weights, store_pixels
from minigrad.kernels.cpu.conv_tables import Geometry, Table
from minigrad.kernels.cpu.tile import DEPTH, ROWS, TILE, WIDTH, multiply_tile, packed_size
from minigrad.kernels.cpu.transform import Matrix, sandwich

enabled = os.environ.get("MINIGRAD_WINOGRAD", "1") != "0"
"""Whether convolutions may take this way; the environment's MINIGRAD_WINOGRAD=0 says no from the start."""

OUTPUTS = 4  # of a tile along an axis
POINTS = 5
LEAST_CHANNELS = 32  # with fewer on either side, the transformations cost more than the products saved
HELD = 4  # products of so many panels and remainders of outputs are held at a time: what the cache takes
TOGETHER = 4  # tiles that share the weights while they are near, unless a row has more


def _matrices() -> tuple[Matrix, Matrix, Matrix]:
    """A^T (4, 5), G (5, 2) and B^T (5, 5) by interpolation at 0, 1, -1/2, -2 and infinity.

    Of the small fractions these nodes gave the least error, half of that of 0, 1, -1, 2.
    """
    nodes = [Fraction(0), Fraction(1), Fraction(-1, 2), Fraction(-2)]
    others = [[b for b in nodes if b != a] for a in nodes]
    outputs = [[*(a**i for a in nodes), Fraction(i == OUTPUTS - 1)] for i in range(OUTPUTS)]
    weights = [[1 / _value(rest, a), a / _value(rest, a)] for a, rest in zip(nodes, others, strict=True)]
    inputs = [[*_coefficients(rest), Fraction(0)] for rest in others]
    return outputs, [*weights, [Fraction(0), Fraction(1)]], [*inputs, _coefficients(nodes)]


def _value(roots: list[Fraction], at: Fraction) -> Fraction:
    value = Fraction(1)
    for root in roots:
        value *= at - root
    return value


def _coefficients(roots: list[Fraction]) -> list[Fraction]:
    """Those of the product of (x - root), the constant first."""
    polynomial = [Fraction(1)]
    for root in roots:
        shifted, scaled = [Fraction(0), *polynomial], [-root * a for a in polynomial] + [Fraction(0)]
        polynomial = [a + b for a, b in zip(shifted, scaled, strict=True)]
    return polynomial


_A, _G, _B = _matrices()
_transform_outputs, _transform_weights, _transform_inputs = sandwich(_A), sandwich(_G), sandwich(_B)


class Plan(NamedTuple):
    """Tiles of a convolution: groups of whole rows of tiles, one after the other.

    The remainders modulo 2 are counted over both axes: 4 on the side with stride, 1 on the other.
    """

    tiles: int  # in a group
    reads: Table  # (2, groups) the pixels of the input that a group reads: the first, and one past the last
    writes: Table  # (2, groups) those of the output that it writes
    inputs: (
        Table  # (groups, tiles, remainders, 25) pixel counted from the first, or one past the last for zero
    )
    outputs: Table  # (groups, tiles, remainders, 16) pixel of the output, or one past the last for none
    taps: Table  # (remainders, 4)


def pays(x: Array, channels: int, outputs: int, groups: int, geometry: Geometry) -> bool:
    """Whether this way is open and quicker than multiplying directly."""
    if not enabled or x.dtype != np.float32 or groups != 1 or min(channels, outputs) < LEAST_CHANNELS:
        return False
    shape = (geometry.kernel, geometry.stride, geometry.dilation)
    return shape == ((4, 4), (2, 2), (1, 1)) and min(geometry.places) >= OUTPUTS


@lru_cache(maxsize=64)
def plan_conv2d(geometry: Geometry) -> Plan:
    """y[q] = sum over remainder b and a of w[2 a + b] x[2 (q + a) + b - padding], a in 0, 1."""
    per_axis = []
    for places, p in zip(geometry.places, geometry.padding, strict=True):
        q = np.arange(_tiles(places) * OUTPUTS).reshape(-1, 1, OUTPUTS)
        patches = q[:, :, :1] + np.arange(POINTS)
        per_axis.append((2 * patches + np.arange(2).reshape(1, 2, 1) - p, q))
    taps = [[(2 * a + b) * 4 + 2 * e + f for a in (0, 1) for e in (0, 1)] for b in (0, 1) for f in (0, 1)]
    return _plan(per_axis, geometry.size, geometry.places, np.array(taps))


@lru_cache(maxsize=64)
def plan_conv_transpose2d(geometry: Geometry) -> Plan:
    """y[2 u + b - padding] = sum over a of w[2 (1 - a) + b] x[u - 1 + a], a in 0, 1: the adjoint."""
    per_axis = []
    for size, p in zip(geometry.size, geometry.padding, strict=True):
        first, last = p // 2, (size - 1 + p) // 2
        u = first + np.arange(_tiles(last + 1 - first) * OUTPUTS).reshape(-1, 1, OUTPUTS)
        patches = u[:, :, :1] - 1 + np.arange(POINTS)
        per_axis.append((patches, 2 * u + np.arange(2).reshape(1, 2, 1) - p))
    taps = [
        [(2 * (1 - a) + b) * 4 + 2 * (1 - e) + f for a in (0, 1) for e in (0, 1)]
        for b in (0, 1)
        for f in (0, 1)
    ]
    return _plan(per_axis, geometry.places, geometry.size, np.array(taps))


def _tiles(outputs: int) -> int:
    return -(-outputs // OUTPUTS)


def _plan(
    per_axis: list[tuple[Table, Table]], size: tuple[int, int], result: tuple[int, int], taps: Table
) -> Plan:
    """The tables of both axes joined; positions outside the input or the result are marked."""
    (in_y, out_y), (in_x, out_x) = per_axis
    rows = 1 if len(in_y) * len(in_x) > TOGETHER else len(in_y)  # of tiles in a group
    groups = -(-len(in_y) // rows)
    inside_y = np.clip(in_y.reshape(groups, -1), 0, size[0])
    first, last = inside_y.min(axis=1) * size[1], np.minimum(inside_y.max(axis=1) + 1, size[0]) * size[1]
    inputs = _joined(in_y, in_x, size, -1).reshape(groups, -1)
    inputs = np.where(inputs < 0, (last - first)[:, None], inputs - first[:, None])
    inside_y = np.clip(out_y.reshape(groups, -1), 0, result[0] - 1)
    writes = np.stack([inside_y.min(axis=1), inside_y.max(axis=1) + 1]) * result[1]
    outputs = _joined(out_y, out_x, result, result[0] * result[1])
    tiles = rows * len(in_x)
    return Plan(
        tiles, np.stack([first, last]), writes,
        inputs.reshape(groups, tiles, -1, POINTS**2), outputs.reshape(groups, tiles, -1, OUTPUTS**2), taps,
    )  # fmt: skip


def _joined(y: Table, x: Table, size: tuple[int, int], outside: int) -> Table:
    """(tiles, remainders, k) along each axis -> pixels (tiles, tiles, remainders, remainders, k, k)."""
    y, x = y[:, None, :, None, :, None], x[None, :, None, :, None, :]
    inside = (y >= 0) & (y < size[0]) & (x >= 0) & (x < size[1])
    return np.where(inside, y * size[1] + x, outside)


def convolve(x: Array, w: Array, y: Array, plan: Plan, o_step: int, c_step: int) -> None:
    """Fill y; an output's weights start every `o_step`, a channel's every `c_step`."""
    c, o, lanes = x.shape[1], y.shape[1], TILE.lanes(x.itemsize)
    groups, tiles, inputs, outputs = *plan.inputs.shape[:3], plan.outputs.shape[2]
    panels, depth = -(-o // ROWS), c * inputs
    items = -(-len(x) // lanes) * groups
    direct, row = packed_size(c * 16, lanes), packed_size(depth, lanes)
    pixels, results = x[0, 0].size, y[0, 0].size
    grid = (int((plan.reads[1] - plan.reads[0]).max()) + 1) * lanes  # and a pixel of zeros
    transformed = POINTS**2 * _odd_lines(tiles * depth * lanes)
    products = max(HELD, outputs) * tiles * POINTS**2 * ROWS * lanes
    staged = (results + 1) * lanes  # and a pixel that is thrown away
    with launch(len(x) * c * o * y[0, 0].size) as allowed:
        workers = min(allowed, items)
        packed, weights, scratch = workspace.take(
            x.dtype,
            panels * direct,
            POINTS**2 * _odd_lines(outputs * panels * row),
            workers * (grid + transformed + products + staged),
        )
        pack_weights(contiguous(w).reshape(-1), 1, o, c, 16, o_step, c_step, w.size, packed)
        _pack(packed, c, panels, direct, row, plan.taps * ROWS, inputs, weights)
        flat, result = contiguous(x).reshape(len(x), c, pixels), y.reshape(len(y), o, results)
        scratch = scratch.reshape(workers, -1)
        _convolve(flat, weights, result, scratch, row, (grid, transformed, products), plan, lanes)


def _odd_lines(size: int) -> int:
    """The next size of an odd number of cache lines: what lies so far apart does not compete for a place."""
    return (-(-size // 16) | 1) * 16


@parallel_jit
def _pack(w: Array, c: int, panels: int, direct: int, row: int, taps: Table, inputs: int, out: Array) -> None:
    """out[point, output's remainder, panel, (c, input's remainder), r] = (G g G^T)[point].

    w holds g as `pack_weights` leaves it. One iteration owns a panel.
    """
    width = WIDTH // w.itemsize
    targets = np.arange(POINTS**2) * (out.size // POINTS**2)
    for panel in numba.prange(panels):
        for channel in range(c):
            source = panel * direct + channel * 16 * ROWS
            for b in range(taps.shape[0]):
                if inputs == 1:
                    target = (b * panels + panel) * row + channel * ROWS
                else:
                    target = panel * row + (channel * inputs + b) * ROWS
                # a vector writes past its rows, where the next channel will write later
                for r in range((ROWS - 1) // width * width, -1, -width):
                    _transform_weights(w, source + r, taps, b * 4, out, target + r, targets, 0)


@jit
def _transform_images(
    x: Array, first: int, count: int, group: int, plan: Plan, lanes: int, grid: Array, out: Array
) -> None:
    """out[point, tile, (c, remainder), l] = (B^T d B)[point] of a block of images and a group of tiles."""
    width = WIDTH // x.itemsize
    begin, end = plan.reads[0, group], plan.reads[1, group]
    c, pixels, remainders = x.shape[1], x.shape[2], plan.inputs.shape[2]
    flat = x.reshape(-1)
    grid[(end - begin) * lanes :] = 0
    sources = plan.inputs[group].reshape(-1) * lanes
    targets = np.arange(POINTS**2) * (out.size // POINTS**2)
    for channel in range(c):
        load_pixels(flat, first, count, c, channel, pixels, begin, end, grid, 0, lanes)
        for patch in range(plan.tiles * remainders):
            tile, b = patch // remainders, patch % remainders
            at = ((tile * c + channel) * remainders + b) * lanes
            for lane in range(0, lanes, width):
                _transform_inputs(grid, lane, sources, patch * POINTS**2, out, at + lane, targets, 0)


@jit
def _convolve_item(
    x: Array,
    w: Array,
    y: Array,
    first: int,
    group: int,
    row: int,
    plan: Plan,
    lanes: int,
    grid: Array,
    transformed: Array,
    products: Array,
    staged: Array,
) -> None:
    """A group of tiles of a block of images, for all outputs."""
    count = min(lanes, x.shape[0] - first)
    _transform_images(x, first, count, group, plan, lanes, grid, transformed)
    o, width = y.shape[1], WIDTH // x.itemsize
    panels = (o + ROWS - 1) // ROWS
    tiles, remainders = plan.tiles, plan.outputs.shape[2]
    depth = x.shape[1] * plan.inputs.shape[2]
    tile_size = ROWS * lanes
    nowhere = np.zeros(1, np.int64)
    sources = np.arange(POINTS**2) * tile_size
    targets = plan.outputs[group].reshape(-1) * lanes
    begin, end = plan.writes[0, group], plan.writes[1, group]
    result, pixels = y.reshape(-1), y.shape[2]
    most = max(1, HELD // remainders)
    for panel in range(0, panels, most):
        together = min(most, panels - panel)
        for point in range(POINTS**2):
            for which in range(remainders * together):
                b, p = which // together, which % together
                weights = point * (w.size // POINTS**2) + (b * panels + panel + p) * row
                for tile in range(tiles):
                    right = point * (transformed.size // POINTS**2) + tile * depth * lanes
                    target = ((p * tiles + tile) * remainders + b) * POINTS**2 + point
                    for k in range(0, depth, DEPTH):
                        # (ROWS, depth) @ (depth, lanes) -> (ROWS, lanes)
                        multiply_tile(
                            w, weights + k * ROWS, ROWS, nowhere,
                            transformed, right + k * lanes, lanes, nowhere,
                            0, 1, min(DEPTH, depth - k), products, target * tile_size, lanes, k == 0,
                        )  # fmt: skip
        for p in range(together):
            for r in range(min(ROWS, o - (panel + p) * ROWS)):
                for patch in range(tiles * remainders):
                    source = (p * tiles * remainders + patch) * POINTS**2 * tile_size + r * lanes
                    for lane in range(0, lanes, width):
                        _transform_outputs(
                            products, source + lane, sources, 0, staged, lane, targets, patch * OUTPUTS**2
                        )
                channel = (panel + p) * ROWS + r
                store_pixels(
                    staged, begin * lanes, lanes, first, count, o, channel, pixels, begin, end, result
                )


@parallel_jit
def _convolve(
    x: Array,
    w: Array,
    y: Array,
    scratch: Array,
    row: int,
    sizes: tuple[int, int, int],
    plan: Plan,
    lanes: int,
) -> None:
    """One iteration owns a row of scratch and a share of the items: a block of images, a group of tiles."""
    workers, groups = scratch.shape[0], plan.inputs.shape[0]
    items = (x.shape[0] + lanes - 1) // lanes * groups
    for worker in numba.prange(workers):
        own = scratch[worker]
        grid, own = own[: sizes[0]], own[sizes[0] :]
        transformed, own = own[: sizes[1]], own[sizes[1] :]
        products, staged = own[: sizes[2]], own[sizes[2] :]
        for item in range(worker * items // workers, (worker + 1) * items // workers):
            _convolve_item(
                x, w, y, item // groups * lanes, item % groups, row, plan, lanes,
                grid, transformed, products, staged,
            )  # fmt: skip
