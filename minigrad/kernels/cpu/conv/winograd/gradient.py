"""conv2d_weight of 4x4 kernels with stride 2 by fewer multiplications, the adjoint of ``forward``.

Such a convolution is a sum of four with 2x2 taps and stride 1, one for each remainder of the position modulo
2. For each of these the gradient by the taps is G^T S G with

    S = sum over images and tiles of (A g A^T) * (B^T d B)

At every point S is a product: (o, images and tiles) @ (images and tiles, c) -> (o, c). The channels c of x
lie in the lanes of the vectors, those of g in the rows of the tile. A block of images is taken at a time, so
that its transformed g stays in the cache. All threads read it, each for its own channels of x, one row of
points after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import gcd
from typing import NamedTuple

import numpy as np

from minigrad.kernels import launching
from minigrad.kernels.cpu.conv.images import Images, images_of
from minigrad.kernels.cpu.conv.tables import SizedGeometry, Table
from minigrad.kernels.cpu.conv.winograd.algorithm import (
    KERNEL,
    MOVING,
    MULTIPLYING,
    NARROW,
    POINTS,
    TAPS,
    TRANSFORMING,
    WIDE,
    input_matrix,
    joined,
    odd_lines,
    output_matrix,
    transposed,
    weight_matrix,
)
from minigrad.kernels.cpu.conv.winograd.plans import conv2d_tables
from minigrad.kernels.cpu.conv.winograd.transform import Scattered, sandwich, sandwich_row
from minigrad.kernels.cpu.runtime.compiling import contiguous, jit, launch, workspace
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.keeping import shelf
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.magnitude import greatest
from minigrad.kernels.cpu.tiles.packing import Rows, packed_size, rounded_up, transpose
from minigrad.kernels.cpu.tiles.product import DEPTH, multiply_far_left
from minigrad.kernels.cpu.tiles.registers import ROWS, TILE, WIDTH
from minigrad.types import Array

REMAINDERS = 4  # modulo 2 over both axes

_wide_inputs = sandwich_row(POINTS, input_matrix(WIDE), POINTS)
_narrow_inputs = sandwich_row(POINTS, input_matrix(NARROW), POINTS)
_wide, _narrow = transposed(output_matrix(WIDE)), transposed(output_matrix(NARROW))
_outputs, _outputs_nc = sandwich(_wide, _wide, WIDE, POINTS), sandwich(_wide, _narrow, WIDE, POINTS)
_outputs_nr, _outputs_nn = sandwich(_narrow, _wide, WIDE, POINTS), sandwich(_narrow, _narrow, WIDE, POINTS)
_transform_sums = sandwich(transposed(weight_matrix()), transposed(weight_matrix()), POINTS, 2)


class Plan(NamedTuple):
    """Tiles of the places of a convolution, (rows of tiles, columns of tiles), the wide ones first."""

    wide_rows: int
    wide_columns: int
    points: int  # of all tiles
    inputs: Table  # (rows, columns, remainders, 25) pixel of x, or one past the last for zero
    outputs: Table  # (rows, columns, 16) the same for g
    factors: Array  # (2, 5, 5) B^T of wide and of narrow tiles, by rows, filled up with zeros


@shelf.keeps
def plan(geometry: SizedGeometry) -> Plan:
    """gw[2 a + b] = sum over q of g[q] x[2 (q + a) + b - padding] for remainders b and a in 0, 1, by axes."""
    (rows, columns), inputs, outputs = conv2d_tables(geometry)
    tiles = rows.tiles, columns.tiles
    pixels = joined(inputs, geometry.size[1]).reshape(*tiles, REMAINDERS, POINTS**2)
    places_of = joined(outputs, geometry.places[1]).reshape(*tiles, WIDE**2)
    return Plan(
        rows.wide,
        columns.wide,
        rows.points * columns.points,
        np.where(pixels < 0, geometry.pixels, pixels),
        np.where(places_of < 0, geometry.outputs, places_of),
        _factors(),
    )


class Sizes(NamedTuple):
    """Sizes of the operands, and of the parts of a worker's scratch."""

    together: int  # images of which a row of points is held
    splits: int  # shares of the panels
    packed: int  # elements of the images of x that are held
    inputs: int  # of the transformed x, of one point and remainder
    panel: int  # of the transformed g, of one point and panel


class Scratch(NamedTuple):
    """The memory that the steps pass on."""

    transformed: Array  # g at its points
    grids: Array  # (panels, size) a panel of an image of g
    own: Array  # (workers, size) images of x, and a row of their points
    sums: Array  # (workers or items, size) S


class Gradient(NamedTuple):
    """The result, and whether each item of it is finite."""

    gw: Array  # (o, c, 16)
    finite: Array  # (items,)


def work(shape: tuple[int, int, int], geometry: SizedGeometry, threads: int) -> float:
    """The estimated time of ``sum_weights`` in multiplications of one thread; ``shape`` is (n, o, c)."""
    n, o, c = shape
    points = n * plan(geometry).points
    products = REMAINDERS * points * rounded_up(c, TILE.lanes(4)) * rounded_up(o, ROWS)
    inputs = points * (REMAINDERS * c + o)
    sums = REMAINDERS * POINTS**2 * c * o
    return (MULTIPLYING * products + TRANSFORMING * inputs + MOVING * sums) / threads


def sum_weights(
    x: Array, g: Array, gw: Array, geometry: SizedGeometry, otherwise: Callable[[], object]
) -> None:
    """Fill gw (o, c, 4, 4) from x (n, c, h, w) and g (n, o, oh, ow).

    If it is not finite, a direct product may still be: ``otherwise()`` fills gw.
    """
    tables = plan(geometry)
    (n, c), o, lanes = x.shape[:2], g.shape[1], TILE.lanes(x.itemsize)
    panels, blocks = -(-o // ROWS), -(-c // lanes)
    tiles = tables.outputs.shape[0] * tables.outputs.shape[1]
    together = max(1, min(n, DEPTH // tiles))
    (x_images,), (g_images,) = images_of(contiguous(x), 1), images_of(contiguous(g), 1)
    with launch(n * c * o * geometry.outputs) as allowed:
        splits = min(panels, allowed // gcd(blocks, allowed))
        items = blocks * splits
        workers = min(allowed, items)
        inputs, panel = odd_lines(together * tiles * lanes), odd_lines(packed_size(together * tiles, lanes))
        packed = odd_lines(together * (geometry.pixels + 1) * lanes)
        kept = workers if together == n else items
        transformed, grids, own, sums = workspace.take(
            x.dtype,
            POINTS**2 * panels * panel,
            panels * odd_lines((geometry.outputs + 1) * rounded_up(ROWS, WIDTH // x.itemsize)),
            workers * (packed + POINTS * REMAINDERS * inputs),
            kept * POINTS**2 * REMAINDERS * -(-panels // splits) * ROWS * lanes,
        )
        sizes = Sizes(together, splits, packed, inputs, panel)
        scratch = Scratch(
            transformed, grids.reshape(panels, -1), own.reshape(workers, -1), sums.reshape(kept, -1)
        )
        run = launching.launch if workspace.keeps(transformed) else launching.launch_once
        run(
            _sum_weights,
            *(x_images, g_images, gw.reshape(o, c, KERNEL), sizes),
            own=(tables, scratch, np.empty(items, np.bool_)),
            otherwise=otherwise,
        )


@lru_cache(maxsize=1)
def _factors() -> Array:
    """(2, 5, 5) float32: B^T of wide and of narrow tiles, by rows, filled up with zeros."""
    factors = np.zeros((2, POINTS, POINTS), np.float32)
    for kind, outputs in enumerate((WIDE, NARROW)):
        factors[kind, : outputs + 1, : outputs + 1] = np.array(input_matrix(outputs), np.float32)
    return factors


@inner_jit
def _pack_image(images: Images, image: int, channel: int, step: int, out: Array, start: int) -> None:
    """out[start + (q, l)] = images[image, channel + l, q] for l < step, and a pixel of zeros."""
    channels, pixels = images.channels, images.pixels
    source = Rows(images.memory, (image * channels + channel) * pixels, pixels)
    transpose(source, Rows(out, start, step), min(step, channels - channel), pixels)
    out[start + pixels * step : start + (pixels + 1) * step] = 0


@inner_jit
def _transform_panel(
    panel: int, g: Images, first: int, count: int, plan: Plan, size: int, scratch: Scratch
) -> None:
    """transformed[i, panel, j, (image, tile), r] = (A g A^T)[i, j] of a panel; (i, panel, j) has ``size``.

    Narrow rows of tiles lack the last row i of points: there the others follow each other.
    """
    grid, panels, out = scratch.grids[panel], scratch.grids.shape[0], scratch.transformed
    width = WIDTH // out.itemsize
    step = (ROWS + width - 1) // width * width
    rows, columns = plan.outputs.shape[:2]
    numbers = np.arange(POINTS**2)
    starts = ((numbers // POINTS * panels + panel) * POINTS + numbers % POINTS) * size
    targets = starts.copy()
    outputs, points = Scattered(grid, plan.outputs.reshape(-1) * step), Scattered(out, targets)
    for image in range(count):
        _pack_image(g, first + image, panel * ROWS, step, grid, 0)
        for row in range(rows):
            short = image * (rows - plan.wide_rows) * columns * ROWS
            for k in range(POINTS**2 - POINTS, POINTS**2):
                targets[k] = starts[k] - short
            for column in range(columns):
                tile = row * columns + column
                at = (image * rows * columns + tile) * ROWS
                kind = 2 * (row >= plan.wide_rows) + (column >= plan.wide_columns)
                # a vector writes past its rows, where the next tile will write later
                for r in range((ROWS - 1) // width * width, -1, -width):
                    _transform_tile(kind, outputs, r, tile * WIDE**2, points, at + r)


@inner_jit
def _transform_tile(
    kind: int, outputs: Scattered, start: int, first: int, points: Scattered, target: int
) -> None:
    """A g A^T of a tile: wide both ways, with narrow columns, with narrow rows, narrow both ways."""
    if kind == 0:
        _outputs(outputs, start, first, points, target, 0)
    elif kind == 1:
        _outputs_nc(outputs, start, first, points, target, 0)
    elif kind == 2:
        _outputs_nr(outputs, start, first, points, target, 0)
    else:
        _outputs_nn(outputs, start, first, points, target, 0)


@inner_jit
def _transform_inputs(
    x: Array, count: int, pixels: int, i: int, rows: int, plan: Plan, size: int, out: Array
) -> None:
    """out[j, remainder, (image, tile), l] = (B^T d B)[i, j]; (j, remainder) has ``size``."""
    columns, width = plan.inputs.shape[1], WIDTH // x.itemsize
    lanes = TILE.vectors * width
    inputs, step = Scattered(x, plan.inputs.reshape(-1) * lanes), REMAINDERS * size
    for image in range(count):
        source = image * (pixels + 1) * lanes
        for row in range(rows):
            factors = plan.factors[0 if row < plan.wide_rows else 1, i]
            for column in range(columns):
                at = ((image * rows + row) * columns + column) * lanes
                for b in range(REMAINDERS):
                    tile = ((row * columns + column) * REMAINDERS + b) * POINTS**2
                    for lane in range(0, lanes, width):
                        target = b * size + at + lane
                        if column < plan.wide_columns:
                            _wide_inputs(factors, inputs, source + lane, tile, out, target, step)
                        else:
                            _narrow_inputs(factors, inputs, source + lane, tile, out, target, step)


@inner_jit
def _sum_panel(
    fresh: bool, outputs: Array, left: int, inputs: Array, terms: int, plan: Plan, sizes: Sizes, sums: Rows
) -> None:
    """A panel's sums over images and tiles of outputs from ``left`` on, added to row (j, b) of ``sums``.

    ``terms`` are the rows of tiles of all images.
    """
    lanes, columns = TILE.vectors * WIDTH // inputs.itemsize, plan.outputs.shape[1]
    index = np.arange(columns)
    for j in range(POINTS):
        having = plan.wide_columns if j == POINTS - 1 else columns
        for b in range(REMAINDERS):
            # (ROWS, images and tiles) @ (images and tiles, lanes) -> (ROWS, lanes)
            right, target = (j * REMAINDERS + b) * sizes.inputs, sums.start + (j * REMAINDERS + b) * sums.step
            multiply_far_left(
                outputs, left + j * sizes.panel, columns * ROWS, index * ROWS,
                inputs, right, columns * lanes, index * lanes,
                0, having, terms, sums.memory, target, lanes, fresh,
            )  # fmt: skip


@inner_jit
def _store(sums: Array, block: int, top: int, bottom: int, staged: Array, gw: Array) -> None:
    """gw[o, c, tap] = (G^T S G)[tap], for the channels of a block and the outputs of the panels."""
    o, c = gw.shape[0], gw.shape[1]
    width, panels = WIDTH // sums.itemsize, bottom - top
    lanes = TILE.vectors * width
    points = Scattered(sums, np.arange(POINTS**2) * (REMAINDERS * panels * ROWS * lanes))
    taps, packed, flat = Scattered(staged, TAPS.reshape(-1) * width), Rows(staged, 0, width), gw.reshape(-1)
    for row in range(top * ROWS, min(bottom * ROWS, o)):
        for channel in range(block * lanes, min((block + 1) * lanes, c), width):
            for b in range(REMAINDERS):
                start = (b * panels * ROWS + row - top * ROWS) * lanes + channel - block * lanes
                _transform_sums(points, start, 0, taps, 0, b * 4)
            target = Rows(flat, (row * c + channel) * KERNEL, KERNEL)
            transpose(packed, target, KERNEL, min(width, c - channel))


@inner_jit
def _check(gradient: Gradient, block: int, top: int, bottom: int, item: int) -> None:
    """finite[item] = whether all that ``_store`` wrote is finite."""
    gw, finite = gradient
    o, c, lanes = gw.shape[0], gw.shape[1], TILE.vectors * WIDTH // gw.itemsize
    flat, channel = gw.reshape(-1), block * lanes
    finite[item] = True
    for row in range(top * ROWS, min(bottom * ROWS, o)):
        start, count = (row * c + channel) * KERNEL, min(lanes, c - channel) * KERNEL
        finite[item] &= greatest(flat, start, count) < np.inf


@jit
def _sum_weights(x: Images, g: Images, gw: Array, sizes: Sizes, own: tuple[Plan, Scratch, Array]) -> bool:
    """Fill gw, and return whether all of it is finite."""
    plan, scratch, finite = own
    gradient = Gradient(gw, finite)
    for first in range(0, x.n, sizes.together):
        count = min(sizes.together, x.n - first)
        panels, workers = scratch.grids.shape[0], scratch.own.shape[0]
        parallel_for(panels, _transform_panel, g, first, count, plan, sizes.panel, scratch)
        parallel_for(workers, _sum_share, x, first, count, gradient, plan, sizes, scratch)
    every = True
    for item in range(finite.size):
        every = every and finite[item]
    return every


@inner_jit
def _sum_share(
    worker: int,
    x: Images,
    first: int,
    count: int,
    gradient: Gradient,
    plan: Plan,
    sizes: Sizes,
    scratch: Scratch,
) -> None:
    """The items of one worker (each a block of lanes and some panels), for ``count`` images."""
    workers, lanes, sums = scratch.own.shape[0], TILE.vectors * WIDTH // scratch.own.itemsize, scratch.sums
    panels, blocks = scratch.grids.shape[0], (x.channels + lanes - 1) // lanes
    items = blocks * sizes.splits
    images, inputs = scratch.own[worker, : sizes.packed], scratch.own[worker, sizes.packed :]
    for item in range(worker * items // workers, (worker + 1) * items // workers):
        block, part = item // sizes.splits, item % sizes.splits
        top, bottom = part * panels // sizes.splits, (part + 1) * panels // sizes.splits
        step = (bottom - top) * ROWS * lanes
        own = sums[item if sums.shape[0] == items else worker]
        for image in range(count):
            at = image * (x.pixels + 1) * lanes
            _pack_image(x, first + image, block * lanes, lanes, images, at)
        for i in range(POINTS):
            rows = plan.wide_rows if i == POINTS - 1 else plan.outputs.shape[0]
            _transform_inputs(images, count, x.pixels, i, rows, plan, sizes.inputs, inputs)
            for panel in range(top, bottom):
                left = (i * panels + panel) * POINTS * sizes.panel
                start = i * POINTS * REMAINDERS * step + (panel - top) * ROWS * lanes
                target = Rows(own, start, step)
                _sum_panel(first == 0, scratch.transformed, left, inputs, count * rows, plan, sizes, target)
        if first + count == x.n:
            _store(own, block, top, bottom, inputs, gradient.gw)
            _check(gradient, block, top, bottom, item)
