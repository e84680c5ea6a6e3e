"""Convolutions with 4x4 kernels and stride 2 by fewer multiplications.

Sorted by their position modulo 2, the inputs of such a convolution are four images, and the convolution is a
sum of four with 2x2 taps and stride 1. The transposed convolution gives each of the four images of its output
by one. Winograd's minimal algorithms (``algorithm``) find 4 outputs of 2 taps with 5 products instead of 8,
along each axis: 25 instead of 64 for a tile of 4x4. The images lie in the lanes as in ``conv/lanes``. Only
float32 takes this way; float64 keeps all its digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from minigrad.kernels import launching
from minigrad.kernels.cpu.bias import Epilogue, finish
from minigrad.kernels.cpu.conv.images import Images, Weights, images_of, load_pixels, pack_panel, store_pixels
from minigrad.kernels.cpu.conv.winograd import algorithm
from minigrad.kernels.cpu.conv.winograd.algorithm import (
    KERNEL,
    MOVING,
    MULTIPLYING,
    NARROW,
    ONE_BY_ONE,
    POINTS,
    TRANSFORMING,
    WIDE,
    input_matrix,
    odd_lines,
    output_matrix,
    weight_matrix,
)
from minigrad.kernels.cpu.conv.winograd.plans import Plan
from minigrad.kernels.cpu.conv.winograd.range import (
    SAMPLED,
    SPARE,
    Tiles,
    load_noting,
    mark_doubtful,
    note_tops,
)
from minigrad.kernels.cpu.conv.winograd.transform import Matrix, Scattered, sandwich
from minigrad.kernels.cpu.runtime.compiling import contiguous, jit, launch, workspace
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.magnitude import greatest, note_greatest
from minigrad.kernels.cpu.tiles.packing import Rows, packed_size
from minigrad.kernels.cpu.tiles.product import DEPTH, multiply_far, multiply_narrow
from minigrad.kernels.cpu.tiles.registers import ROWS, TILE, WIDTH
from minigrad.types import Array

HELD = 8  # panels whose products are held: more leave the second cache, fewer read images more often
MADE = 4  # panels whose weights are made at a time, where all of them have more bytes than NEAR
NEAR = 1 << 22
KEPT = 1 << 23  # bytes of transformed images that a worker keeps for it; beyond, all are made at once


def _by_kind(matrix: Callable[[int], Matrix], s_step: int, t_step: int) -> list[Callable[..., None]]:
    """For tiles of each kind: wide both ways, with narrow columns, with narrow rows, narrow both ways."""
    sizes = [(rows, columns) for rows in (WIDE, NARROW) for columns in (WIDE, NARROW)]
    return [sandwich(matrix(rows), matrix(columns), s_step, t_step) for rows, columns in sizes]


_inputs, _inputs_nc, _inputs_nr, _inputs_nn = _by_kind(input_matrix, POINTS, POINTS)
_outputs, _outputs_nc, _outputs_nr, _outputs_nn = _by_kind(output_matrix, POINTS, WIDE)
_transform_weights = sandwich(weight_matrix(), weight_matrix(), 2, POINTS)


class Sizes(NamedTuple):
    """Sizes of the transformed weights, and of the parts of a worker's scratch."""

    lanes: int  # images in a block
    inputs: int  # remainders of the input
    row: int  # elements of the weights of a point, a remainder of outputs and a panel
    splits: int  # workers that share an item
    held: int  # panels whose weights are held
    together: int  # panels whose products are held
    grid: int  # elements of a channel's pixels
    kept: int  # items whose transformed images are kept
    transformed: int  # of the transformed images of an item
    products: int
    staged: int  # outputs on their way to y


class Noted(NamedTuple):
    """Greatest magnitudes, NaN above all. From these ``range`` chooses the images for the direct product."""

    images: Array  # (blocks, groups, lanes) of what a group of tiles reads of an image, or infinity
    weights: Array  # (panels,)


class Work(NamedTuple):
    """What all workers share, but for the weights."""

    x: Images
    y: Images
    plan: Plan
    sizes: Sizes
    epilogue: Epilogue
    noted: Noted


class Item(NamedTuple):
    """So many images, from ``first`` on, and a group of tiles."""

    first: int
    images: int
    group: int


def work(shape: tuple[int, int, int], plan: Plan, threads: int) -> float:
    """The estimated time of ``convolve`` in multiplications of one thread; ``shape`` is (n, o, c)."""
    n, o, c = shape
    lanes = algorithm.lanes(n)
    groups, _, inputs, outputs = *plan.inputs.shape[:3], plan.outputs.shape[2]
    panels, items = -(-o // ROWS), -(-n // lanes) * groups
    splits = _splits(threads, items, panels, outputs)
    weights = POINTS**2 * inputs * outputs * c * panels * ROWS
    rows = -(-panels // splits) * ROWS * outputs
    item = lanes * c * inputs * plan.points / groups * (TRANSFORMING + MULTIPLYING * rows)
    rest = n % lanes if n % lanes < TILE.width // 4 else 0
    moved = ONE_BY_ONE * rest * (c * plan.pixels[0] + o * plan.pixels[1])
    time: float = (MOVING * weights + moved) / threads + -(-items // (threads // splits)) * item
    return time


def convolve(
    x: Array,
    w: Array,
    y: Array,
    plan: Plan,
    steps: tuple[int, int],
    epilogue: Epilogue,
    multiply: Callable[[Array], None],
) -> None:
    """Fill y, with ``multiply`` of the numbers of the images that need the direct product (see ``range``).

    ``steps`` are those of w in memory, from an output to the next and from a channel to the next.
    """
    c, o, lanes = x.shape[1], y.shape[1], algorithm.lanes(len(x))
    groups, tiles, inputs, outputs = *plan.inputs.shape[:3], plan.outputs.shape[2]
    panels, depth, together = -(-o // ROWS), c * inputs, max(1, HELD // outputs)
    items = -(-len(x) // lanes) * groups
    row = packed_size(depth, lanes)
    (images,), (result,) = images_of(contiguous(x), 1), images_of(y, 1)
    with launch(len(x) * c * o * result.pixels) as allowed:
        splits = _splits(allowed, items, panels, outputs)
        sharing = min(allowed // splits, items)
        workers, each = sharing * splits, -(-items // sharing)
        size = POINTS**2 * odd_lines(tiles * depth * lanes)
        far = POINTS**2 * outputs * panels * row * x.itemsize > NEAR
        passes = far and each * size * x.itemsize <= KEPT
        sizes = Sizes(
            lanes,
            inputs,
            row,
            splits,
            min(MADE * splits, panels) if passes else panels,
            together,
            grid=(int((plan.reads[1] - plan.reads[0]).max()) + 1) * lanes,  # and a pixel of zeros
            kept=each if passes else 1,
            transformed=size,
            products=together * outputs * tiles * POINTS**2 * ROWS * lanes,
            staged=(result.pixels + 1) * lanes,  # and a pixel that is thrown away
        )
        noted = Noted(
            np.empty((-(-len(x) // lanes), groups, lanes), x.dtype),
            np.empty(panels, x.dtype),
        )
        doubtful = np.empty(len(x), np.bool_)
        own = 2 * sizes.grid + (1 + SPARE) * lanes + sizes.kept * size + sizes.products + sizes.staged
        packed, transformed, scratch = workspace.take(
            x.dtype,
            sizes.held * packed_size(c * KERNEL, lanes),
            POINTS**2 * odd_lines(outputs * sizes.held * row),
            workers * own,
        )
        weights = Weights(w.reshape(-1), 1, o, c, KERNEL, 0, *steps)
        run = launching.launch if workspace.keeps(scratch) else launching.launch_once
        run(
            _convolve,
            *(images, weights, result, sizes, epilogue),
            own=(plan, noted, packed, transformed, scratch.reshape(workers, -1), doubtful),
            otherwise=lambda: multiply(np.flatnonzero(doubtful)),
        )


def _splits(threads: int, items: int, panels: int, outputs: int) -> int:
    """How many workers share an item: each of them transforms its images, and takes a part of the panels."""

    def time(splits: int) -> float:
        products = MULTIPLYING * -(-panels // splits) * ROWS * outputs
        return -(-items // (threads // splits)) * (TRANSFORMING + products)

    return min(range(1, min(threads, panels) + 1), key=time)


@inner_jit
def _pack_panel(index: int, w: Weights, top: int, work: Work, packed: Array, out: Array) -> None:
    """out[point, output's remainder, index, (c, input's remainder), r] = (G g G^T)[point] of a panel."""
    width, taps = WIDTH // packed.itemsize, work.plan.taps * ROWS
    held, row, inputs = work.sizes.held, work.sizes.row, work.sizes.inputs
    direct = packed.size // held * index
    pack_panel(w, 0, top + index, packed, direct)
    work.noted.weights[top + index] = greatest(packed, direct, w.c * KERNEL * ROWS)
    taken, points = Scattered(packed, taps), Scattered(out, np.arange(POINTS**2) * (out.size // POINTS**2))
    for number in range(w.c * taps.shape[0]):
        if inputs == 1:  # one remainder after the other: together they would write to a hundred places
            b, channel = number // w.c, number % w.c
            target = (b * held + index) * row + channel * ROWS
        else:
            channel, b = number // inputs, number % inputs
            target = index * row + (channel * inputs + b) * ROWS
        source = direct + channel * KERNEL * ROWS
        # a vector writes past its rows, where the next channel will write later
        for r in range((ROWS - 1) // width * width, -1, -width):
            _transform_weights(taken, source + r, b * 4, points, target + r, 0)


@inner_jit
def _transform_patch(
    kind: int, inputs: Scattered, start: int, first: int, points: Scattered, target: int
) -> None:
    """B^T d B of a tile of a kind."""
    if kind == 0:
        _inputs(inputs, start, first, points, target, 0)
    elif kind == 1:
        _inputs_nc(inputs, start, first, points, target, 0)
    elif kind == 2:
        _inputs_nr(inputs, start, first, points, target, 0)
    else:
        _inputs_nn(inputs, start, first, points, target, 0)


@inner_jit
def _finish_patch(
    kind: int, points: Scattered, start: int, outputs: Scattered, target: int, first: int
) -> None:
    """A^T P A of a tile of a kind."""
    if kind == 0:
        _outputs(points, start, 0, outputs, target, first)
    elif kind == 1:
        _outputs_nc(points, start, 0, outputs, target, first)
    elif kind == 2:
        _outputs_nr(points, start, 0, outputs, target, first)
    else:
        _outputs_nn(points, start, 0, outputs, target, first)


@inner_jit
def _transform_images(
    x: Images, item: Item, plan: Plan, grid: Array, noted: Array, peaks: Array, out: Array
) -> None:
    """out[point, tile, (c, remainder), l] = (B^T d B)[point] of a block of images and a group of tiles.

    peaks[l] is the greatest magnitude, noted[pixel, l] that over one of SAMPLED channels.
    """
    first, count, group = item
    width, lanes = WIDTH // grid.itemsize, peaks.size
    begin, end = plan.reads[0, group], plan.reads[1, group]
    c, remainders = x.channels, plan.inputs.shape[2]
    grid[(end - begin) * lanes :] = 0
    noted[:], peaks[:] = 0, 0
    inputs = Scattered(grid, plan.inputs[group].reshape(-1) * lanes)
    points = Scattered(out, np.arange(POINTS**2) * (out.size // POINTS**2))
    pixels = Rows(grid, 0, lanes)
    for channel in range(c):
        load_noting(x, first, count, channel, begin, end, pixels, peaks)
        if channel % SAMPLED == 0:
            note_greatest(grid, 0, noted, 0, (end - begin) * lanes)
        for patch in range(plan.tiles * remainders):
            tile, b = patch // remainders, patch % remainders
            kind, at = plan.kinds[group, tile], ((tile * c + channel) * remainders + b) * lanes
            for lane in range(0, lanes, width):
                _transform_patch(kind, inputs, lane, patch * POINTS**2, points, at + lane)


@inner_jit
def _note_images(x: Images, item: Item, plan: Plan, lanes: int, grid: Array, noted: Array) -> None:
    """noted[pixel, l] = the greatest magnitude over all channels."""
    begin, end = plan.reads[0, item.group], plan.reads[1, item.group]
    for channel in range(x.channels):
        load_pixels(x, item.first, item.images, channel, begin, end, Rows(grid, 0, lanes))
        note_greatest(grid, 0, noted, 0, (end - begin) * lanes)


@jit
def _has(kind: int, point: int) -> bool:
    """Whether a tile of the kind has the point: the narrow lack the last one of their axis."""
    last = POINTS - 1
    return (kind < 2 or point // POINTS < last) and (kind % 2 == 0 or point % POINTS < last)


@inner_jit
def _multiply_panels(
    w: Array, transformed: Array, group: int, panel: int, together: int, work: Work, products: Array
) -> None:
    """products[panel, tile, remainder, point, (r, l)], of ``together`` of the panels that are held."""
    plan, sizes = work.plan, work.sizes
    lanes, tiles, remainders = sizes.lanes, plan.tiles, plan.outputs.shape[2]
    width, depth, tile_size = WIDTH // w.itemsize, work.x.channels * sizes.inputs, ROWS * lanes
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
                    if lanes == width:
                        multiply_narrow(
                            w, weights + k * ROWS, ROWS, nowhere,
                            transformed, right + k * lanes, lanes, nowhere,
                            0, 1, min(DEPTH, depth - k), products, target * tile_size, lanes, k == 0,
                        )  # fmt: skip
                    else:
                        multiply_far(
                            w, weights + k * ROWS, ROWS, nowhere,
                            transformed, right + k * lanes, lanes, nowhere,
                            0, 1, min(DEPTH, depth - k), products, target * tile_size, lanes, k == 0,
                        )  # fmt: skip


@inner_jit
def _store_panels(
    products: Array, item: Item, channel: int, channels: int, work: Work, staged: Array
) -> None:
    """The outputs of a group of tiles of some images, for ``channels`` channels from ``channel`` on."""
    first, count, group = item
    plan, width = work.plan, WIDTH // staged.itemsize
    lanes, remainders = work.sizes.lanes, plan.outputs.shape[2]
    patches, tile_size = plan.tiles * remainders, ROWS * lanes
    points = Scattered(products, np.arange(POINTS**2) * tile_size)
    outputs = Scattered(staged, plan.outputs[group].reshape(-1) * lanes)
    begin, end = plan.writes[0, group], plan.writes[1, group]
    for index in range(channels):
        p, r = index // ROWS, index % ROWS
        for patch in range(patches):
            source = (p * patches + patch) * POINTS**2 * tile_size + r * lanes
            kind, to = plan.kinds[group, patch // remainders], patch * WIDE**2
            for lane in range(0, lanes, width):
                _finish_patch(kind, points, source + lane, outputs, lane, to)
        finish(staged[begin * lanes : end * lanes], channel + index, work.epilogue)
        store_pixels(Rows(staged, begin * lanes, lanes), work.y, first, count, channel + index, begin, end)


@inner_jit
def _convolve_share(worker: int, work: Work, w: Array, scratch: Array, top: int, bottom: int) -> None:
    """The items of one worker, each a block of images and a group of tiles, for the panels that are held.

    Where ``splits`` workers share an item, each has all of its images, and a part of the panels.
    """
    x, plan, sizes, noted = work.x, work.plan, work.sizes, work.noted
    workers, groups, lanes = scratch.shape[0], plan.inputs.shape[0], sizes.lanes
    items, splits = (x.n + lanes - 1) // lanes * groups, sizes.splits
    share, shares = worker % splits, workers // splits
    first_panel = top + share * (bottom - top) // splits
    last_panel = top + (share + 1) * (bottom - top) // splits
    own = scratch[worker]
    grid, own = own[: sizes.grid], own[sizes.grid :]
    kept, own = own[: sizes.kept * sizes.transformed], own[sizes.kept * sizes.transformed :]
    products, own = own[: sizes.products], own[sizes.products :]
    staged, own = own[: sizes.staged], own[sizes.staged :]
    largest, own = own[: sizes.grid], own[sizes.grid :]
    peaks, spare = own[:lanes], own[lanes : (1 + SPARE) * lanes]
    staged[:] = 0
    begin, end = worker // splits * items // shares, (worker // splits + 1) * items // shares
    for number in range(begin, end):
        transformed = kept[(number - begin) % sizes.kept * sizes.transformed :][: sizes.transformed]
        first, group = number // groups * lanes, number % groups
        item = Item(first, min(lanes, x.n - first), group)
        if top == 0:
            tops = noted.images[number // groups, group]
            tiles = Tiles(plan.inputs[group], plan.kinds[group], plan.reads[1, group] - plan.reads[0, group])
            _transform_images(x, item, plan, grid, largest, peaks, transformed)
            if share == 0:
                note_tops(largest, tiles, item.images, spare, peaks, tops)
                bounded = True
                for lane in range(item.images):
                    bounded = bounded and tops[lane] < np.inf
                if not bounded:
                    peaks[:] = 0
                    _note_images(x, item, plan, lanes, grid, largest)
                    note_tops(largest, tiles, item.images, spare, peaks, tops)
        for panel in range(first_panel, last_panel, sizes.together):
            together, channel = min(sizes.together, last_panel - panel), panel * ROWS
            _multiply_panels(w, transformed, group, panel - top, together, work, products)
            channels = min(together * ROWS, work.y.channels - channel)
            _store_panels(products, item, channel, channels, work, staged)


@jit
def _convolve(
    x: Images,
    w: Weights,
    y: Images,
    sizes: Sizes,
    epilogue: Epilogue,
    own: tuple[Plan, Noted, Array, Array, Array, Array],
) -> bool:
    """Fill y, ``held`` panels of weights at a time, and return whether no image needs the direct product.

    Those that do are marked.
    """
    plan, noted, packed, transformed, scratch, doubtful = own
    work, panels, held = Work(x, y, plan, sizes, epilogue, noted), (w.o + ROWS - 1) // ROWS, sizes.held
    for top in range(0, panels, held):
        bottom = min(panels, top + held)
        parallel_for(bottom - top, _pack_panel, w, top, work, packed, transformed)
        parallel_for(scratch.shape[0], _convolve_share, work, transformed, scratch, top, bottom)
    mark_doubtful(noted.images, x.n, w.c * sizes.inputs * 4, noted.weights, doubtful)
    none = True
    for image in range(doubtful.size):
        none = none and not doubtful[image]
    return none
