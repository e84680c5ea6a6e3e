"""conv2d and conv_transpose2d with few channels to read: one matrix product for each image.

The product sums over channels and taps. Its rows of pixels are gathered once, each for all taps that differ
in where they begin.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigrad.kernels.cpu.bias import Epilogue, finish
from minigrad.kernels.cpu.conv.dots import GATHERING, gather
from minigrad.kernels.cpu.conv.images import Images
from minigrad.kernels.cpu.conv.tables import Lines, Table
from minigrad.kernels.cpu.runtime.compiling import jit, workspace
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.packing import rounded_up
from minigrad.kernels.cpu.tiles.product import DEPTH, multiply_tile
from minigrad.kernels.cpu.tiles.registers import ROWS, TILE, WIDTH
from minigrad.types import Array


class Reading(NamedTuple):
    """The tables of ``fill``."""

    firsts: Table  # (panels,) the first output of each
    line: Table  # the pixels of a channel in the order in which they are packed, as in ``Lines``
    starts: Table  # (c * taps,) where each row of the product begins among them
    rows: Table  # (c * taps,) where its weights begin within a panel


def work(x: Images, y: Images, taps: int, length: int) -> float:
    """The estimated time of ``fill`` for an image, in multiplications.

    Infinite if it cannot be used, or if its operands would leave the first cache.
    """
    if y.pixels < _lanes(y) or y.share < ROWS or x.share * taps > DEPTH:
        return float("inf")
    products = rounded_up(y.share, ROWS) * x.share * taps * rounded_up(y.pixels, _lanes(y))
    return products + GATHERING * x.share * length


def _lanes(images: Images) -> int:
    return TILE.lanes(images.memory.itemsize)


def fill(x: Images, y: Images, w: Array, lines: Lines, epilogue: Epilogue, workers: int) -> None:
    """y[n, o, q] = sum over c and tap of w[o, c, tap] x[n, c, the pixel that q meets]; w (o, c, taps)."""
    depth, length = x.share * lines.starts.size, lines.pixels.size
    starts = np.add.outer(np.arange(x.share) * length, lines.starts).ravel()
    firsts = np.minimum(np.arange(0, y.share, ROWS), y.share - ROWS)  # the last panel may overlap another
    panels = w.reshape(y.share, depth)[firsts[:, None] + np.arange(ROWS)]
    (scratch,) = workspace.take(w.dtype, workers * rounded_up(x.share * length + x.pixels + 1, 16))
    packed = np.ascontiguousarray(panels.swapaxes(1, 2)).reshape(-1)
    tables = Reading(firsts, lines.pixels, starts, np.arange(depth) * ROWS)
    _fill(x, y, packed, tables, epilogue, scratch.reshape(workers, -1))


@jit
def _fill(x: Images, y: Images, w: Array, tables: Reading, epilogue: Epilogue, scratch: Array) -> None:
    parallel_for(scratch.shape[0], _fill_share, x, y, w, tables, epilogue, scratch)


@inner_jit
def _fill_share(
    worker: int, x: Images, y: Images, w: Array, tables: Reading, epilogue: Epilogue, scratch: Array
) -> None:
    """The images of one worker, whose scratch is one row."""
    firsts, line, starts, rows = tables
    lanes, n, workers = TILE.vectors * WIDTH // scratch.itemsize, x.n, scratch.shape[0]
    size = x.share * line.size
    packed, pixels = scratch[worker], scratch[worker, size:]
    for image in range(worker * n // workers, (worker + 1) * n // workers):
        gather(x, image, 1, line, pixels, packed)
        result = (image * y.channels + y.channel) * y.pixels
        for panel in range(firsts.size):
            for q in range(0, y.pixels, lanes):
                left = min(q, y.pixels - lanes)
                # (ROWS, channels and taps) @ (channels and taps, lanes) -> (ROWS, lanes)
                multiply_tile(
                    w, panel * rows.size * ROWS, 0, rows, packed, left, 0, starts,
                    0, rows.size, 1, y.memory, result + firsts[panel] * y.pixels + left, y.pixels, True,
                )  # fmt: skip
        for channel in range(y.share):
            start = result + channel * y.pixels
            finish(y.memory[start : start + y.pixels], y.channel + channel, epilogue)
