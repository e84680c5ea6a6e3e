"""conv2d and conv_transpose2d with few channels to read: one matrix product for each image.

The product sums over channels and taps. Its rows of pixels are gathered once, each for all taps that differ
in where they begin.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from minigrad.kernels import launching
from minigrad.kernels.cpu.bias import Epilogue, finish
from minigrad.kernels.cpu.conv.dots import GATHERING, gather
from minigrad.kernels.cpu.conv.images import Images, Weights
from minigrad.kernels.cpu.conv.tables import Lines, Table
from minigrad.kernels.cpu.runtime.compiling import jit, workspace
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.magnitude import finite
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


def fill(
    x: Images,
    y: Images,
    w: Weights,
    lines: Lines,
    epilogue: Epilogue,
    workers: int,
    otherwise: Callable[[], object],
) -> None:
    """y[n, o, q] = sum over c and tap of w[o, c, tap] x[n, c, the pixel that q meets], for one group.

    Weights are multiplied by zeros for what lies outside: if one is not finite, ``otherwise()`` fills y.
    """
    scratch, packed = workspace.take(
        w.memory.dtype,
        workers * rounded_up(x.share * lines.pixels.size + x.pixels + 1, 16),
        -(-y.share // ROWS) * ROWS * w.c * w.taps,
    )
    own = lines, packed, scratch.reshape(workers, -1)
    launching.launch(_fill, x, y, w, epilogue, own=own, otherwise=otherwise)


@jit
def _fill(x: Images, y: Images, w: Weights, epilogue: Epilogue, own: tuple[Lines, Array, Array]) -> bool:
    """Fill y, and return True, unless a weight is not finite."""
    lines, packed, scratch = own
    if not finite(w.memory):
        return False
    depth, panels = w.c * w.taps, (y.share + ROWS - 1) // ROWS
    firsts, starts = np.empty(panels, np.int64), np.empty(depth, np.int64)
    for c in range(w.c):
        for tap in range(w.taps):
            starts[c * w.taps + tap] = c * lines.pixels.size + lines.starts[tap]
    for panel in range(panels):
        firsts[panel] = min(panel * ROWS, y.share - ROWS)  # the last panel may overlap another
        for r in range(ROWS):
            for c in range(w.c):
                start = (firsts[panel] + r) * w.o_step + c * w.c_step
                for tap in range(w.taps):
                    packed[(panel * depth + c * w.taps + tap) * ROWS + r] = w.memory[start + tap]
    tables = Reading(firsts, lines.pixels, starts, np.arange(depth) * ROWS)
    parallel_for(scratch.shape[0], _fill_share, x, y, packed, tables, epilogue, scratch)
    return True


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
