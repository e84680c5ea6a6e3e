"""conv2d and conv_transpose2d as products of all taps with all sources, added where these meet.

The product has a row for each output channel and tap, and a column for each source of an image. x is read
where it lies, and weights are copied only, if a channel's follow each other: it suits large weights that few
sources meet, and few outputs.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from minigrad.kernels import launching
from minigrad.kernels.cpu.bias import Epilogue, finish
from minigrad.kernels.cpu.conv.images import Images, Weights
from minigrad.kernels.cpu.conv.tables import Runs
from minigrad.kernels.cpu.runtime.caches import SECOND_CACHE
from minigrad.kernels.cpu.runtime.compiling import jit, launch, workspace
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.copying import copy_run, sum_run
from minigrad.kernels.cpu.tiles.packing import rounded_up
from minigrad.kernels.cpu.tiles.product import multiply_long_rows, multiply_narrow
from minigrad.kernels.cpu.tiles.registers import ROWS, TILE, WIDTH
from minigrad.types import Array

ADDING = 32  # multiplications that take as long as to add a product to its result
COPYING, GATHERING = 16, 40  # and as long as to copy a weight, or to gather it
NARROW = 1.6  # times as long as in a tile that a multiplication takes with one vector
STARTING = 1 << 17  # and as long as to begin an item
MOST = SECOND_CACHE // 2  # bytes of products that are kept for some images, unless one has more


class Plan(NamedTuple):
    """How the work is cut."""

    images: int  # that use a packed panel of weights
    splits: int  # shares of the outputs


class Job(NamedTuple):
    """A convolution of one group."""

    x: Images
    w: Weights
    y: Images
    runs: Runs
    plan: Plan
    epilogue: Epilogue


def plan_of(x: Images, y: Images, taps: int, threads: int, transposed: bool) -> tuple[Plan, float]:
    """How to cut a convolution of one group, and its time in multiplications.

    Infinite if an image has fewer sources than a vector lanes.
    """
    width = WIDTH // x.memory.itemsize
    lanes = TILE.vectors * width
    if x.pixels < width:
        return Plan(1, 1), math.inf
    rest = x.pixels % lanes
    columns = (
        x.pixels - rest + (NARROW * width * -(-rest // width) if rest <= width or rest == x.pixels else lanes)
    )
    moving = COPYING if transposed else GATHERING  # a channel's weights follow each other or do not
    best = None
    for splits in {1, min(threads, y.share)}:
        outputs = -(-y.share // splits)
        rows = rounded_up(outputs * taps, ROWS)
        images = max(1, min(x.n, MOST // (rows * x.pixels * x.memory.itemsize)))
        items = -(-x.n // images) * splits
        if items < threads:
            images = max(1, -(-x.n * splits // threads))
            items = -(-x.n // images) * splits
        time = rows * x.share * (images * columns + moving)
        time += ADDING * images * outputs * taps * min(x.pixels, y.pixels) + STARTING
        found = time * -(-items // threads), Plan(images, splits)
        best = found if best is None or found < best else best
    assert best is not None
    return best[1], best[0]


def fill(x: Images, w: Array, y: Images, runs: Runs, epilogue: Epilogue) -> None:
    """y[n, o, t] = sum over c and the (tap, s) that t meets of w[o, c, tap] x[n, c, s]; w (o, c, taps)."""
    o, c, taps = w.shape
    flat = (w if w.flags.c_contiguous else w.swapaxes(0, 1)).reshape(-1)
    weights = Weights(flat, 1, o, c, taps, 0, w.strides[0] // w.itemsize, w.strides[1] // w.itemsize)
    with launch(x.n * o * c * taps * x.pixels) as threads:
        plan, _ = plan_of(x, y, taps, threads, weights.o_step == taps)
        workers = min(threads, -(-x.n // plan.images) * plan.splits)
        rows = rounded_up(-(-o // plan.splits) * taps, ROWS)
        sizes = plan.images * rows * x.pixels, c * ROWS
        scratch = workspace.take(w.dtype, *(workers * rounded_up(size, 16) for size in sizes))
        own = runs, *(part.reshape(workers, -1) for part in scratch)
        launching.launch(_fill, x, weights, y, plan, epilogue, own=own)


@jit
def _fill(
    x: Images, w: Weights, y: Images, plan: Plan, epilogue: Epilogue, own: tuple[Runs, Array, Array]
) -> None:
    runs, products, packed = own
    job = Job(x, w, y, runs, plan, epilogue)
    parallel_for(products.shape[0], _fill_share, job, products, packed)


@inner_jit
def _fill_share(worker: int, job: Job, products: Array, packed: Array) -> None:
    """The items of one worker, whose products are one row: each some images and a share of the outputs."""
    x, w, plan, workers = job.x, job.w, job.plan, products.shape[0]
    items = (x.n + plan.images - 1) // plan.images * plan.splits
    for item in range(worker * items // workers, (worker + 1) * items // workers):
        share, first = item % plan.splits, item // plan.splits * plan.images
        last = min(x.n, first + plan.images)
        top, bottom = share * w.o // plan.splits, (share + 1) * w.o // plan.splits
        _multiply(job, first, last, top, bottom, packed[worker], products[worker])
        _add(job, first, last, top, bottom, products[worker])


@inner_jit
def _pack(w: Weights, row: int, last: int, out: Array) -> None:
    """out[c, r] = the weight of channel c in row + r of the rows (o, tap), for rows before ``last``."""
    height = min(ROWS, last - row)
    if w.o_step == w.taps:  # a channel's weights follow each other
        for c in range(w.c):
            copy_run(w.memory, c * w.c_step + row, out, c * ROWS, height)
    else:
        for r in range(height):
            start = (row + r) // w.taps * w.o_step + (row + r) % w.taps
            for c in range(w.c):
                out[c * ROWS + r] = w.memory[start + c * w.c_step]


@inner_jit
def _multiply(job: Job, first: int, last: int, top: int, bottom: int, packed: Array, products: Array) -> None:
    """products[image, (o, tap), s] = sum over c of w[o, c, tap] x[image, c, s], first <= image < last."""
    x, w, nowhere, width = job.x, job.w, np.zeros(1, np.int64), WIDTH // packed.itemsize
    lanes = TILE.vectors * width
    rows = ((bottom - top) * w.taps + ROWS - 1) // ROWS * ROWS
    for row in range(0, rows, ROWS):
        _pack(w, top * w.taps + row, bottom * w.taps, packed)
        for image in range(first, last):
            source = (image * x.channels + x.channel) * x.pixels
            target = ((image - first) * rows + row) * x.pixels
            s = 0
            while s < x.pixels:  # the last lanes may begin among those before them
                # (ROWS, channels) @ (channels, lanes) -> (ROWS, lanes)
                if x.pixels - s > width and x.pixels >= lanes:
                    left = min(s, x.pixels - lanes)
                    multiply_long_rows(
                        packed, 0, ROWS, nowhere, x.memory, source + left, x.pixels, nowhere,
                        0, 1, x.share, products, target + left, x.pixels, True,
                    )  # fmt: skip
                    s += lanes
                else:
                    left = min(s, x.pixels - width)
                    multiply_narrow(
                        packed, 0, ROWS, nowhere, x.memory, source + left, x.pixels, nowhere,
                        0, 1, x.share, products, target + left, x.pixels, True,
                    )  # fmt: skip
                    s += width


@inner_jit
def _add(job: Job, first: int, last: int, top: int, bottom: int, products: Array) -> None:
    """y[image, o, t] = sum of products[image, (o, tap), s] over the meetings of t, and what follows."""
    x, y, runs = job.x, job.y, job.runs
    rows = ((bottom - top) * runs.taps + ROWS - 1) // ROWS * ROWS
    for image in range(first, last):
        for o in range(top, bottom):
            source = ((image - first) * rows + (o - top) * runs.taps) * x.pixels
            start = (image * y.channels + y.channel + o) * y.pixels
            for k in range(runs.length.size):
                sum_run(
                    products, source, runs.source_step, runs.terms, runs.first[k], runs.first[k + 1],
                    y.memory, start + runs.target[k], runs.target_step, runs.length[k],
                )  # fmt: skip
            finish(y.memory[start : start + y.pixels], y.channel + o, job.epilogue)
