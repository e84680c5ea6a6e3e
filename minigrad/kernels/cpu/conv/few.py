"""conv2d and conv_transpose2d with few channels on one side: one matrix product for each image.

With few channels to read, the product sums over channels and taps, and its result is the image of the other
side. With few channels to write, the result has a row for each channel and tap, and a pixel of the output is
the sum of the elements that it meets.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigrad.kernels.cpu.bias import Epilogue, finish
from minigrad.kernels.cpu.conv.dots import GATHERING, gather
from minigrad.kernels.cpu.conv.images import Images
from minigrad.kernels.cpu.conv.tables import Lines, Runs, Table
from minigrad.kernels.cpu.runtime.compiling import jit, workspace
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.cpu.tiles.packing import rounded_up
from minigrad.kernels.cpu.tiles.product import multiply_long_rows, multiply_tile
from minigrad.kernels.cpu.tiles.registers import ROWS, TILE, WIDTH
from minigrad.types import Array

ADDING = 8  # multiplications that take as long as to add a product to its pixel


class Reading(NamedTuple):
    """The tables of ``read_few``."""

    firsts: Table  # (panels,) the first output of each
    line: Table  # the pixels of a channel in the order in which they are packed, as in ``Lines``
    starts: Table  # (c * taps,) where each row of the product begins among them
    rows: Table  # (c * taps,) where its weights begin within a panel


def reading_work(x: Images, y: Images, taps: int, length: int) -> float:
    """The estimated time of ``read_few`` for an image, in multiplications; infinite if it cannot be used."""
    if y.pixels < _lanes(y) or y.share < ROWS:
        return float("inf")
    products = rounded_up(y.share, ROWS) * x.share * taps * rounded_up(y.pixels, _lanes(y))
    return products + GATHERING * x.share * length


def writing_work(x: Images, y: Images, taps: int) -> float:
    """The estimated time of ``write_few`` for an image, in multiplications; infinite if it cannot be used."""
    if x.pixels < _lanes(x):
        return float("inf")
    products = rounded_up(y.share * taps, ROWS) * x.share * rounded_up(x.pixels, _lanes(x))
    return products + ADDING * y.share * taps * min(x.pixels, y.pixels)


def _lanes(images: Images) -> int:
    return TILE.lanes(images.memory.itemsize)


def read_few(x: Images, y: Images, w: Array, lines: Lines, epilogue: Epilogue, workers: int) -> None:
    """y[n, o, q] = sum over c and tap of w[o, c, tap] x[n, c, the pixel that q meets]; w (o, c, taps)."""
    depth, length = x.share * lines.starts.size, lines.pixels.size
    starts = np.add.outer(np.arange(x.share) * length, lines.starts).ravel()
    firsts = np.minimum(np.arange(0, y.share, ROWS), y.share - ROWS)  # the last panel may overlap another
    panels = w.reshape(y.share, depth)[firsts[:, None] + np.arange(ROWS)]
    (scratch,) = workspace.take(w.dtype, workers * rounded_up(x.share * length + x.pixels + 1, 16))
    packed = np.ascontiguousarray(panels.swapaxes(1, 2)).reshape(-1)
    tables = Reading(firsts, lines.pixels, starts, np.arange(depth) * ROWS)
    _read_few(x, y, packed, tables, epilogue, scratch.reshape(workers, -1))


@jit
def _read_few(x: Images, y: Images, w: Array, tables: Reading, epilogue: Epilogue, scratch: Array) -> None:
    parallel_for(scratch.shape[0], _read_share, x, y, w, tables, epilogue, scratch)


@inner_jit
def _read_share(
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


def write_few(x: Images, y: Images, w: Array, runs: Runs, epilogue: Epilogue, workers: int) -> None:
    """y[n, o, t] = sum over c and the (tap, s) that t meets of w[o, tap, c] x[n, c, s]; w (o, taps, c)."""
    rows = rounded_up(w.size // x.share, ROWS)
    panels = np.zeros((rows, x.share), w.dtype)
    panels[: w.size // x.share] = w.reshape(-1, x.share)
    packed = np.ascontiguousarray(panels.reshape(-1, ROWS, x.share).swapaxes(1, 2))
    (scratch,) = workspace.take(w.dtype, workers * rounded_up(rows * x.pixels, 16))
    _write_few(x, y, packed.reshape(-1), runs, epilogue, scratch.reshape(workers, -1))


@jit
def _write_few(x: Images, y: Images, w: Array, runs: Runs, epilogue: Epilogue, scratch: Array) -> None:
    parallel_for(scratch.shape[0], _write_share, x, y, w, runs, epilogue, scratch)


@inner_jit
def _write_share(
    worker: int, x: Images, y: Images, w: Array, runs: Runs, epilogue: Epilogue, scratch: Array
) -> None:
    """The images of one worker, whose scratch is one row."""
    lanes, n, workers = TILE.vectors * WIDTH // scratch.itemsize, x.n, scratch.shape[0]
    depth = x.share * ROWS
    products = scratch[worker]
    nowhere = np.zeros(1, np.int64)
    for image in range(worker * n // workers, (worker + 1) * n // workers):
        source = (image * x.channels + x.channel) * x.pixels
        for panel in range(w.size // depth):
            for s in range(0, x.pixels, lanes):
                left = min(s, x.pixels - lanes)
                # (ROWS, channels) @ (channels, lanes) -> (ROWS, lanes)
                multiply_long_rows(
                    w, panel * depth, ROWS, nowhere, x.memory, source + left, x.pixels, nowhere,
                    0, 1, x.share, products, panel * ROWS * x.pixels + left, x.pixels, True,
                )  # fmt: skip
        for channel in range(y.share):
            start = (image * y.channels + y.channel + channel) * y.pixels
            target = y.memory[start : start + y.pixels]
            _add_runs(products[channel * runs.taps * x.pixels :], runs, target)
            finish(target, y.channel + channel, epilogue)


@inner_jit
def _add_runs(products: Array, runs: Runs, target: Array) -> None:
    """target[t] = sum of products[tap, s] over the meetings of t."""
    for t in range(target.size):
        target[t] = 0
    for k in range(runs.length.size):
        source, result = products[runs.source[k] :], target[runs.target[k] :]
        for j in range(runs.length[k]):
            result[j * runs.target_step] += source[j * runs.source_step]
