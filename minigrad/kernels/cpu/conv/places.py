"""conv2d and conv_transpose2d with the output places of some images in the lanes of the vectors.

A block is some rows of places of some images. What they read of a few channels is copied to a grid, where
``layouts`` says what a tap reads. Places that fill the lanes are read there; of shorter rows, lanes are
gathered. All panels of weights are multiplied with these before the next channels.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from minigrad.kernels import launching
from minigrad.kernels.cpu.bias import Epilogue, finish
from minigrad.kernels.cpu.conv.images import Images, Weights, weights_of
from minigrad.kernels.cpu.conv.layouts import Layout, layout_of
from minigrad.kernels.cpu.conv.tables import SizedGeometry, Table
from minigrad.kernels.cpu.runtime.caches import SECOND_CACHE
from minigrad.kernels.cpu.runtime.compiling import jit, launch, workspace
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.copying import copy_apart, copy_run, copy_vectors
from minigrad.kernels.cpu.tiles.magnitude import finite
from minigrad.kernels.cpu.tiles.packing import Rows, pack_rows, packed_size, rounded_up
from minigrad.kernels.cpu.tiles.product import DEPTH, multiply_narrow, multiply_row, multiply_tile
from minigrad.kernels.cpu.tiles.registers import ROWS, TILE, WIDTH
from minigrad.types import Array

COPYING = 160  # multiplications that take as long as to copy a vector from the grid
MOVING = 40  # and as long as to move an element into the grid or to its result
PACKING = 20  # and as long as to pack a weight
ALONE = 4  # rows of a tile that take as long as a row alone
NARROW = 1.6  # times as long as in a tile that a multiplication takes with one vector
STARTING = 1 << 17  # and as long as to begin a block
MOST = SECOND_CACHE // 4  # bytes gathered for a block, or twice its results: the cache takes weights too


class Plan(NamedTuple):
    """How the work is cut, and what a worker needs for it."""

    images: int  # of a block
    rows: int  # of a block
    bands: int  # blocks that have all rows
    splits: int  # shares of the panels of weights
    chunk: int  # channels that are summed at a time
    held: int  # elements of a channel in the grid
    depth: int  # rows that a panel of places gathers
    panels: int  # of a block's places
    runs: int  # into which they fall at most
    lines: int  # rows of the grid


class Job(NamedTuple):
    """A convolution: x and y are the images by the channels of their first group."""

    x: Images
    w: Weights
    y: Images
    layout: Layout
    plan: Plan
    epilogue: Epilogue


class Block(NamedTuple):
    """Some rows of some images with some panels of weights; panels of their places, and what is copied."""

    group: int
    top: int  # the first panel of weights
    bottom: int  # one past the last
    image: int
    images: int
    row: int
    panels: Table  # (panels + 1, 5): class, places, first run, first copy, whether y can take its sums
    runs: Table  # (runs, 4): where a run begins in the grid, among the lanes and in y; its length
    copies: Table  # (copies, 2): where a vector of a panel begins in the grid and among the lanes
    rows: Table  # (rows, 3): where a row begins in x and in the grid; its length
    totals: Table  # the number of panels and of rows


def work(x: Images, y: Images, geometry: SizedGeometry, groups: int, transposed: bool, threads: int) -> float:
    """The estimated time, in multiplications of one thread."""
    shape = x.n, groups, y.share, x.share
    return plan_of(geometry, transposed, shape, TILE.lanes(x.memory.itemsize), threads)[1]


@lru_cache(maxsize=1024)
def plan_of(
    geometry: SizedGeometry, transposed: bool, shape: tuple[int, int, int, int], lanes: int, threads: int
) -> tuple[Plan, float]:
    """The quickest plan, and its time in multiplications; ``shape`` is (n, groups, o, c) of a group."""
    n, _, o, c = shape
    rows = int(layout_of(geometry, 1, lanes, transposed).classes[:, 2].max())
    each = geometry.pixels if transposed else geometry.outputs
    cuts = []
    size, deepest, most = lanes, min(DEPTH, c * geometry.taps), MOST * lanes // (TILE.vectors * WIDTH)
    while size == lanes or size * max(deepest, o // 2) <= most:
        images = min(n, max(1, size // each))
        own = rows if each <= size else max(1, size * rows // each)
        cuts += [(images, own, splits) for splits in {1, min(threads, -(-o // ROWS))}]
        size *= 2
    plans = (_planned(geometry, transposed, shape, lanes, threads, cut) for cut in cuts)
    return min(plans, key=lambda plan: plan[1])


def _planned(
    geometry: SizedGeometry,
    transposed: bool,
    shape: tuple[int, int, int, int],
    lanes: int,
    threads: int,
    cut: tuple[int, int, int],
) -> tuple[Plan, float]:
    """The plan for blocks of ``cut`` images, rows and shares, and the time of the worker with most to do."""
    (n, groups, o, c), (images, rows, splits) = shape, cut
    layout, vector = layout_of(geometry, rows, lanes, transposed), lanes // TILE.vectors
    tall, wide = np.minimum(layout.classes[:, 2], rows), layout.classes[:, 3]
    taps, columns = np.diff(layout.firsts), images * tall * wide
    bands = -(-int(layout.classes[:, 2].max()) // rows)
    panels = rounded_up(o, ROWS) // ROWS
    outputs = -(-panels // splits) * ROWS
    most = int(taps.max())
    chunk = min(c, max(1, DEPTH // max(1, most)))
    held = images * len(layout.remainders) * layout.size[0] * layout.size[1]
    panels, lines = int((-(-columns // lanes)).sum()), held // max(1, layout.size[1])
    plan = Plan(images, rows, bands, splits, chunk, held, chunk * most, panels, int(columns.sum()), lines)
    rest = columns % lanes
    alone = np.where((rest > 0) & (rest <= vector), NARROW * vector, (rest > 0) * lanes)
    multiplied = (ALONE if o == 1 else outputs) * (columns - rest + alone) @ taps
    copied = np.where(wide % lanes > 0, images * tall * -(-wide // vector), 0) @ taps
    moved = min(held, len(layout.remainders) * images * layout.read[0] * layout.read[1])
    time = STARTING + c * (multiplied + COPYING * copied + MOVING * moved + PACKING * outputs * taps.sum())
    time += MOVING * min(outputs, o) * columns.sum()
    items = -(-n // images) * bands * groups * splits
    return plan, float(time) * -(-items // threads)


def fill(
    x: Images,
    w: Array,
    y: Images,
    geometry: SizedGeometry,
    epilogue: Epilogue,
    otherwise: Callable[[], object],
    *,
    transposed: bool,
) -> None:
    """Fill y from x and w (groups, o, c, taps): x and y are the images by the channels of their first group.

    Weights are multiplied by zeros for what lies outside: if that gives NaN, ``otherwise()`` fills y.
    """
    groups, o, c, taps = w.shape
    lanes = TILE.lanes(w.itemsize)
    with launch(x.n * groups * c * o * taps * min(x.pixels, y.pixels)) as threads:
        plan, _ = plan_of(geometry, transposed, (x.n, groups, o, c), lanes, threads)
        layout = layout_of(geometry, plan.rows, lanes, transposed)
        workers = min(threads, -(-x.n // plan.images) * plan.bands * groups * plan.splits)
        grid, gathered = plan.chunk * plan.held + lanes, (plan.panels * plan.depth + 1) * lanes
        tiles = (
            rounded_up(rounded_up(o, ROWS) // ROWS, plan.splits) // plan.splits * plan.panels * ROWS * lanes
        )
        sizes = [
            workers * rounded_up(size, 16)
            for size in (grid, gathered, packed_size(plan.chunk * taps + lanes, lanes), tiles)
        ]
        scratch = tuple(part.reshape(workers, -1) for part in workspace.take(w.dtype, *sizes))
        given = x, weights_of(w), y, plan, epilogue
        launching.launch(_convolve, *given, own=(layout, *scratch), otherwise=otherwise)


@jit
def _convolve(
    x: Images,
    w: Weights,
    y: Images,
    plan: Plan,
    epilogue: Epilogue,
    own: tuple[Layout, Array, Array, Array, Array],
) -> bool:
    """Fill y, and return whether it is right: whether the weights are finite, or what came of them."""
    layout, grids, gathered, packed, tiles = own
    by_weights = w.memory.size <= y.memory.size
    if by_weights and not finite(w.memory):
        return False
    job = Job(x, w, y, layout, plan, epilogue)
    parallel_for(grids.shape[0], _convolve_share, job, grids, gathered, packed, tiles)
    return by_weights or finite(y.memory)


@inner_jit
def _convolve_share(
    worker: int, job: Job, grids: Array, gathered: Array, packed: Array, tiles: Array
) -> None:
    """The items of one worker, whose scratch is one row: each a block, a group, some panels of weights."""
    plan, groups, n = job.plan, job.w.groups, job.x.n
    items = (n + plan.images - 1) // plan.images * plan.bands * groups * plan.splits
    workers, panels = grids.shape[0], (job.w.o + ROWS - 1) // ROWS
    tables = np.empty((plan.panels + 1, 5), np.int64), np.empty((plan.runs, 4), np.int64)
    lists = np.empty((plan.runs + 2 * plan.panels, 2), np.int64), np.empty((plan.lines, 3), np.int64)
    for item in range(worker * items // workers, (worker + 1) * items // workers):
        share, group = item % plan.splits, item // plan.splits % groups
        top, bottom = share * panels // plan.splits, (share + 1) * panels // plan.splits
        place = item // (plan.splits * groups)
        image = place // plan.bands * plan.images
        images, row = min(plan.images, n - image), place % plan.bands * plan.rows
        block = Block(group, top, bottom, image, images, row, *tables, *lists, np.zeros(2, np.int64))
        _list_panels(job, block)
        _list_rows(job, block)
        _multiply_block(job, block, grids[worker], gathered[worker], packed[worker], tiles[worker])
        _store_block(job, block, tiles[worker])


@inner_jit
def _list_panels(job: Job, block: Block) -> None:
    """Fill the block's tables of panels, runs and copies."""
    layout, width = job.layout, WIDTH // job.x.memory.itemsize
    lanes = TILE.vectors * width
    held, image_step = job.plan.held // job.plan.images, job.y.channels * job.y.pixels
    panel = run = copy = 0
    for k in range(layout.classes.shape[0]):
        top, left, tall, wide = layout.classes[k]
        tall = min(tall - block.row, job.plan.rows)
        place, total = 0, block.images * max(0, tall) * wide
        while place < total:
            count, lane = min(lanes, total - place), 0
            own = block.panels[panel]
            own[0], own[1], own[2], own[3] = k, count, run, copy
            whole = layout.writing[1] == 1 and wide - place % wide >= count
            own[4] = whole and (count == lanes or count == lanes // TILE.vectors)
            panel += 1
            while lane < count:
                image, a, b = place // (tall * wide), place // wide % tall, place % wide
                length, source = min(wide - b, count - lane), image * held + a * layout.size[1] + b
                row, column = (block.row + a) * layout.writing[0] + top, b * layout.writing[1] + left
                own = block.runs[run]
                own[0], own[1], own[3] = source, lane, length
                own[2] = (block.image + image) * image_step + row * layout.written[1] + column
                for v in range(0, length, width):
                    block.copies[copy, 0], block.copies[copy, 1] = source + v, lane + v
                    copy += 1
                run, lane, place = run + 1, lane + length, place + length
    block.panels[panel, 2], block.panels[panel, 3] = run, copy
    block.totals[0] = panel


@inner_jit
def _list_rows(job: Job, block: Block) -> None:
    """Fill the block's table of rows."""
    layout, (tall, wide), (rows, columns), step = (
        job.layout,
        job.layout.size,
        job.layout.read,
        job.layout.reading,
    )
    begin, line, grid = max(0, -layout.low[1]), 0, 0
    for image in range(block.image, block.image + block.images):
        for remainder in range(layout.remainders.shape[0]):
            shift, first = layout.remainders[remainder, 0], layout.remainders[remainder, 1]
            end = min(wide, (columns - 1 - first) // step[1] + 1 - layout.low[1])
            for u in range(tall):
                row = (block.row + layout.low[0] + u) * step[0] + shift
                if 0 <= row < rows and begin < end:
                    own, column = block.rows[line], (begin + layout.low[1]) * step[1] + first
                    own[0] = image * job.x.channels * job.x.pixels + row * columns + column
                    own[1], own[2] = grid + u * wide + begin, end - begin
                    line += 1
            grid += tall * wide
    block.totals[1] = line


@inner_jit
def _fill_grid(job: Job, block: Block, channel: int, count: int, grid: Array) -> None:
    """grid[i, image, remainder, u, v] = the pixel of x[image, channel + i] there; zeros stay around them."""
    x, step, rows = job.x, job.layout.reading[1], block.rows
    for i in range(count):
        source, target = (channel + i) * x.pixels, i * job.plan.held
        for line in range(block.totals[1]):
            if step == 1:
                copy_run(x.memory, source + rows[line, 0], grid, target + rows[line, 1], rows[line, 2])
            else:
                copy_apart(
                    x.memory, source + rows[line, 0], step, grid, target + rows[line, 1], 1, rows[line, 2]
                )


@inner_jit
def _gather(job: Job, block: Block, count: int, grid: Array, gathered: Array) -> None:
    """gathered[panel, (channel, tap), lane] = grid[channel, the place in the lane + the tap's step].

    Vectors are copied whole: what one writes past its run, the next one writes after it.
    """
    plan, firsts, steps = job.plan, job.layout.firsts, job.layout.taps[1]
    lanes = TILE.vectors * WIDTH // grid.itemsize
    for panel in range(block.totals[0]):
        k, begin, end = block.panels[panel, 0], block.panels[panel, 3], block.panels[panel + 1, 3]
        if block.panels[panel + 1, 2] > block.panels[panel, 2] + 1:
            target = panel * plan.depth * lanes
            for channel in range(count):
                for j in range(firsts[k], firsts[k + 1]):
                    source = channel * plan.held + steps[j]
                    copy_vectors(grid, source, gathered, target, block.copies, begin, end)
                    target += lanes


@inner_jit
def _multiply_block(
    job: Job, block: Block, grid: Array, gathered: Array, packed: Array, tiles: Array
) -> None:
    """tiles[p - top, panel] = sum over c and the taps of the panel's class of w[o, c, tap] x[n, c, s]."""
    w, plan, firsts, taps = job.w, job.plan, job.layout.firsts, job.layout.taps
    lanes = TILE.vectors * WIDTH // grid.itemsize
    weights, steps, rows = taps[0], taps[1], taps[2]
    group, top = block.group, block.top
    for i in range(grid.size):
        grid[i] = 0
    for begin in range(0, w.c, plan.chunk):
        count = min(plan.chunk, w.c - begin)
        _fill_grid(job, block, group * w.c + begin, count, grid)
        _gather(job, block, count, grid, gathered)
        part = Weights(
            w.memory[begin * w.c_step :], w.groups, w.o, count, w.taps, w.group_step, w.o_step, w.c_step
        )
        for p in range(top, block.bottom):
            _pack(part, group, p, packed)
            for panel in range(block.totals[0]):
                k, run = block.panels[panel, 0], block.panels[panel, 2]
                first, last = firsts[k], firsts[k + 1]
                result, place, apart = tiles, ((p - top) * plan.panels + panel) * ROWS * lanes, lanes
                if block.panels[panel, 4] and (p + 1) * ROWS <= w.o:
                    result, apart = job.y.memory, job.y.pixels
                    place = block.runs[run, 2] + (group * w.o + p * ROWS) * job.y.pixels
                right, start, step, shifts = (
                    gathered,
                    panel * plan.depth * lanes,
                    (last - first) * lanes,
                    rows,
                )
                if block.panels[panel + 1, 2] == run + 1:
                    right, start, step, shifts = grid, block.runs[run, 0], plan.held, steps
                # (ROWS, count * taps) @ (count * taps, lanes) -> (ROWS, lanes)
                if w.o == 1:
                    multiply_row(
                        packed, 0, w.taps * ROWS, weights, right, start, step, shifts,
                        first, last, count, result, place, apart, begin == 0,
                    )  # fmt: skip
                elif block.panels[panel, 1] <= lanes // TILE.vectors:
                    multiply_narrow(
                        packed, 0, w.taps * ROWS, weights, right, start, step, shifts,
                        first, last, count, result, place, apart, begin == 0,
                    )  # fmt: skip
                else:
                    multiply_tile(
                        packed, 0, w.taps * ROWS, weights, right, start, step, shifts,
                        first, last, count, result, place, apart, begin == 0,
                    )  # fmt: skip


@inner_jit
def _pack(w: Weights, group: int, panel: int, out: Array) -> None:
    """out[c, tap, r] = w[group, panel * ROWS + r, c, tap]; rows past the last output repeat it."""
    rows, start = w.o - panel * ROWS, group * w.group_step + panel * ROWS * w.o_step
    width = WIDTH // out.itemsize
    if w.c_step == w.taps:  # an output's weights follow each other
        pack_rows(Rows(w.memory, start, w.o_step), rows, w.c * w.taps, out, 0)
        return
    for c in range(w.c):
        if w.o_step == 1:
            copy_run(w.memory, start + c * w.c_step, out, c * ROWS, min(rows, ROWS))
            continue
        own, length = Rows(w.memory, start + c * w.c_step, w.o_step), w.taps
        if length < width and own.start + (min(rows, ROWS) - 1) * own.step + width <= w.memory.size:
            length = width  # whole vectors; the next channel writes over what is too much
        pack_rows(own, rows, length, out, c * w.taps * ROWS)


@inner_jit
def _store_block(job: Job, block: Block, tiles: Array) -> None:
    """Store the sums of the block's panels, and finish what was stored."""
    y, layout, lanes = job.y, job.layout, TILE.vectors * WIDTH // tiles.itemsize
    step, group, top = layout.writing[1], block.group, block.top
    first = block.row * layout.writing[0] * layout.written[1]
    last = min(y.pixels, first + job.plan.rows * layout.writing[0] * layout.written[1])
    for channel in range(top * ROWS, min(block.bottom * ROWS, job.w.o)):
        p, r = channel // ROWS - top, channel % ROWS
        result = (group * job.w.o + channel) * y.pixels
        for panel in range(block.totals[0]):
            if block.panels[panel, 4] and (top + p + 1) * ROWS <= job.w.o:
                continue  # the sums are in y
            source = ((p * job.plan.panels + panel) * ROWS + r) * lanes
            for run in range(block.panels[panel, 2], block.panels[panel + 1, 2]):
                own, target, count = (
                    source + block.runs[run, 1],
                    result + block.runs[run, 2],
                    block.runs[run, 3],
                )
                if step == 1:
                    copy_run(tiles, own, y.memory, target, count)
                else:
                    copy_apart(tiles, own, 1, y.memory, target, step, count)
        for image in range(block.image, block.image + block.images):
            start = image * y.channels * y.pixels + result
            finish(y.memory[start + first : start + last], group * job.w.o + channel, job.epilogue)
