"""conv2d and conv_transpose2d: the way with the least work, band by band where an image is large."""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from minigrad.kernels.cpu.bias import Epilogue, bias_leaky_relu, scale_bias_leaky_relu
from minigrad.kernels.cpu.conv import across, bands, few, lanes, places, spread, whole
from minigrad.kernels.cpu.conv.images import Images, images_of, weights_of
from minigrad.kernels.cpu.conv.tables import (
    SizedGeometry,
    by_place,
    by_source,
    counts,
    lines_by_place,
    lines_by_source,
    runs_to_places,
    runs_to_sources,
)
from minigrad.kernels.cpu.conv.winograd import algorithm, plans
from minigrad.kernels.cpu.conv.winograd import forward as winograd
from minigrad.kernels.cpu.runtime.compiling import contiguous, launch, nominal_threads
from minigrad.kernels.cpu.tiles.packing import rounded_up
from minigrad.kernels.cpu.tiles.registers import ROWS, TILE
from minigrad.types import Array

MOVING = 40  # multiplications that take as long as to pack an element
CALLING = 1 << 20  # and as long as to call a kernel for a group
LOADING = 1  # and as long as to load an element from the second cache, for a tile of ``lanes``


def convolve(
    x: Array,
    w: Array,
    y: Array,
    geometry: SizedGeometry,
    groups: int,
    epilogue: Epilogue,
    *,
    transposed: bool,
) -> None:
    """Fill y, band by band of rows; ``geometry`` is that of conv2d, whose adjoint is ``transposed``."""
    if whole.fits(geometry, groups):
        (whole.conv_transpose2d if transposed else whole.conv2d)(contiguous(x), contiguous(w), y)
        finish(y, epilogue)
        return
    if bands.fits(geometry.size if transposed else geometry.places):
        _convolve_band(x, w, y, geometry, groups, epilogue, transposed=transposed)
        return
    for band in bands.by_sources(geometry) if transposed else bands.by_places(geometry):
        rows, results = (band.places, band.sources) if transposed else (band.sources, band.places)
        part, result = x[:, :, rows], np.empty_like(y[:, :, results], order="C")
        if part.size:
            _convolve_band(part, w, result, band.geometry, groups, epilogue, transposed=transposed)
        else:
            result.fill(0)
            finish(result, epilogue)
        y[:, :, results] = result


def finish(y: Array, epilogue: Epilogue) -> None:
    b, slope, s = epilogue
    if s.size:
        scale_bias_leaky_relu(y, s, b, slope, out=y)
    elif b.size:
        bias_leaky_relu(y, b, slope, out=y)


def _convolve_band(
    x: Array,
    w: Array,
    y: Array,
    geometry: SizedGeometry,
    groups: int,
    epilogue: Epilogue,
    *,
    transposed: bool,
) -> None:
    """As ``convolve``: by Winograd's algorithm if that is quicker, but for the images that it would spoil."""
    x, steps = contiguous(x), (w[0].size, geometry.taps)
    by_output = contiguous(w).reshape(groups, -1, *w.shape[1:])
    if transposed:
        by_output = by_output.swapaxes(1, 2)
    plan = _winograd_plan(x, y, geometry, groups, transposed=transposed)
    if plan is None:
        _multiply(x, by_output, y, geometry, epilogue, transposed=transposed)
        return

    def multiply_some(left: Array) -> None:
        some = np.empty((left.size, *y.shape[1:]), y.dtype)
        _multiply(x[left], by_output, some, geometry, epilogue, transposed=transposed)
        y[left] = some

    steps = steps[::-1] if transposed else steps
    winograd.convolve(x, contiguous(w), y, plan, steps, epilogue, multiply_some)


def _winograd_plan(
    x: Array, y: Array, geometry: SizedGeometry, groups: int, *, transposed: bool
) -> plans.Plan | None:
    """How Winograd's algorithm cuts the images, or None where a direct product takes less time."""
    (n, c), o = x.shape[:2], y.shape[1]
    least = algorithm.TRANSPOSED if transposed else algorithm.FORWARD
    if not algorithm.fits(x, c, o, groups, geometry, least):
        return None
    plan = (plans.plan_conv_transpose2d if transposed else plans.plan_conv2d)(geometry)
    _, direct = _quickest(Shape(n, 1, o, c), geometry, x.dtype, transposed)
    threads = nominal_threads(n * o * c * counts(geometry).meetings)
    return plan if winograd.work((n, o, c), plan, threads) < direct else None


def _multiply(
    x: Array, w: Array, y: Array, geometry: SizedGeometry, epilogue: Epilogue, *, transposed: bool
) -> None:
    """Fill y from x and w (groups, o, c, kh, kw), directly: the way with the least estimated work.

    Some ways multiply weights by zeros for what lies outside, and cannot be taken where that gives NaN.
    """
    groups, o, c = w.shape[:3]
    x, w = contiguous(x), w.reshape(groups, o, c, geometry.taps)
    x_images, y_images = images_of(x, groups), images_of(y, groups)
    way, _ = _quickest(Shape(len(x), groups, o, c), geometry, x.dtype, transposed)
    in_lanes = partial(_fill_lanes, x_images[0], w, y, geometry, epilogue, transposed=transposed)
    if way == "lanes":
        in_lanes()
        return
    if way == "places":
        places.fill(x_images[0], w, y_images[0], geometry, epilogue, in_lanes, transposed=transposed)
        return
    if way == "across":
        for group in range(groups):
            across.fill(x_images[group], w[group], y_images[group], geometry, epilogue)
        return
    if way == "spread":
        runs = runs_to_sources(geometry) if transposed else runs_to_places(geometry)
        for group in range(groups):
            spread.fill(x_images[group], w[group], y_images[group], runs, epilogue)
        return
    lines = lines_by_source(geometry) if transposed else lines_by_place(geometry)
    with launch(x.size * o * geometry.taps) as workers:
        for group in range(groups):
            weights = weights_of(w[group : group + 1])
            few.fill(x_images[group], y_images[group], weights, lines, epilogue, workers, in_lanes)


def _fill_lanes(
    x: Images, w: Array, y: Array, geometry: SizedGeometry, epilogue: Epilogue, *, transposed: bool
) -> None:
    """Fill y from x, the images by the channels of their first group, and w (groups, o, c, taps)."""
    meetings = (by_source if transposed else by_place)(geometry, ROWS, TILE.lanes(w.itemsize))
    lanes.fill(x, w, images_of(y, len(w))[0], meetings)
    finish(y, epilogue)


class Shape(NamedTuple):
    """Images, groups, and channels of each group's outputs and inputs."""

    n: int
    groups: int
    o: int
    c: int


def direct_work(
    shape: Shape, geometry: SizedGeometry, dtype: np.dtype[Any], *, transposed: bool
) -> dict[str, float]:
    """By way, its estimated time in multiplications of one thread."""
    (n, groups, o, c), memory = shape, np.empty(0, dtype)
    read, write = geometry.pixels, geometry.outputs
    if transposed:
        read, write = write, read
    x, y = Images(memory, n, groups * c, 0, c, read), Images(memory, n, groups * o, 0, o, write)
    count, *lengths = counts(geometry)
    threads = nominal_threads(n * groups * o * c * count)
    lines = few.work(x, y, geometry.taps, lengths[transposed])
    _, products = spread.plan_of(x, y, geometry.taps, threads, transposed)
    return {
        "across": groups * (CALLING + across.work(x, y, geometry, threads)) if transposed else math.inf,
        "places": places.work(x, y, geometry, groups, transposed, threads),
        "few": groups * (CALLING + -(-n // threads) * lines + MOVING * o * c * geometry.taps),
        "spread": groups * (CALLING + products),
        "lanes": _lanes_work(x, y, count) * groups / threads,
    }


@lru_cache(maxsize=1024)
def _quickest(
    shape: Shape, geometry: SizedGeometry, dtype: np.dtype[Any], transposed: bool
) -> tuple[str, float]:
    """The direct way with the least work, and this."""
    work = direct_work(shape, geometry, dtype, transposed=transposed)
    way = min(work, key=lambda name: work[name])
    return way, work[way]


def _lanes_work(x: Images, y: Images, meetings: int) -> float:
    """The estimated time of ``lanes`` for a group, in multiplications of one thread."""
    rows, columns = places.ALONE if y.share == 1 else rounded_up(y.share, ROWS), TILE.lanes(x.memory.itemsize)
    multiplying = 1 + LOADING * (1 / ROWS + 1 / columns)
    products = multiplying * rows * x.share * meetings
    return rounded_up(x.n, columns) * (products + MOVING * (x.size + y.size))
