"""conv2d and conv_transpose2d: the way with the least work, band by band where an image is large."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cpu.bias import Epilogue, bias_leaky_relu
from minigrad.kernels.cpu.conv import bands, columns, few, lanes
from minigrad.kernels.cpu.conv.images import images_of
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
from minigrad.kernels.cpu.runtime.compiling import contiguous, launch
from minigrad.kernels.cpu.tiles.magnitude import finite
from minigrad.kernels.cpu.tiles.packing import rounded_up
from minigrad.kernels.cpu.tiles.registers import ROWS, TILE
from minigrad.types import Array

MOVING = 40  # multiplications that take as long as to pack an element
CALLING = 1 << 20  # and as long as to call a product for one image


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
    if epilogue.bias.size:
        bias_leaky_relu(y, *epilogue, out=y)


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
    steps, least, plan = (w[0].size, geometry.taps), algorithm.FORWARD, plans.plan_conv2d
    if transposed:
        steps, least, plan = steps[::-1], algorithm.TRANSPOSED, plans.plan_conv_transpose2d
    left = None  # all images
    if algorithm.pays(x, x.shape[1], y.shape[1], groups, geometry, least):
        left = winograd.convolve(x, w, y, plan(geometry), steps, epilogue)
        if left.size == 0:
            return
    by_output = contiguous(w).reshape(groups, -1, *w.shape[1:])
    if transposed:
        by_output = by_output.swapaxes(1, 2)
    if left is None:
        _multiply(x, by_output, y, geometry, epilogue, transposed=transposed)
    else:
        some = np.empty((left.size, *y.shape[1:]), y.dtype)
        _multiply(x[left], by_output, some, geometry, epilogue, transposed=transposed)
        y[left] = some


def _multiply(
    x: Array, w: Array, y: Array, geometry: SizedGeometry, epilogue: Epilogue, *, transposed: bool
) -> None:
    """Fill y from x and w (groups, o, c, kh, kw), directly: the way with the least estimated work.

    Some ways multiply weights by zeros for what lies outside, and cannot be taken where that gives NaN.
    """
    n, (groups, o, c) = len(x), w.shape[:3]
    x, w = contiguous(x), w.reshape(groups, o, c, geometry.taps)
    x_images, y_images = images_of(x, groups), images_of(y, groups)
    count, *lengths = counts(geometry)
    work = {
        "few to read": few.reading_work(x_images[0], y_images[0], geometry.taps, lengths[transposed]),
        "few to write": few.writing_work(x_images[0], y_images[0], geometry.taps),
    }
    moved = x_images[0].size + y_images[0].size
    if _fills_lanes(x):
        rows = 1 if o == 1 else rounded_up(o, ROWS)
        work["lanes"] = rows * c * count + MOVING * moved
    else:
        work["columns"] = o * c * count + MOVING * geometry.taps * moved + CALLING
    way = min(work, key=lambda name: work[name])
    if way == "columns":
        multiply = columns.conv_transpose2d if transposed else columns.conv2d
        parts = zip(columns.split(x, groups, 1), columns.split(y, groups, 1), strict=True)
        for group, (x_part, y_part) in enumerate(parts):
            multiply(x_part, w[group].swapaxes(0, 1) if transposed else w[group], y_part, geometry)
    multiplies_zeros = way == "few to read" or (way == "columns" and not transposed)
    if multiplies_zeros and not _finite(w if way == "few to read" else y):
        way = "lanes"
    if way == "lanes":
        meetings = (by_source if transposed else by_place)(geometry, ROWS, TILE.lanes(x.itemsize))
        lanes.fill(x_images[0], w, y_images[0], meetings)
    if way in ("lanes", "columns"):
        finish(y, epilogue)
        return
    with launch(work[way] * n) as workers:
        for group in range(groups):
            images = x_images[group], y_images[group]
            if way == "few to read":
                lines = lines_by_source(geometry) if transposed else lines_by_place(geometry)
                few.read_few(*images, w[group], lines, epilogue, workers)
            else:
                runs = runs_to_sources(geometry) if transposed else runs_to_places(geometry)
                few.write_few(*images, w[group].swapaxes(1, 2), runs, epilogue, workers)


def _fills_lanes(x: Array) -> bool:
    """Whether the images of x (n, ...) leave at most a quarter of the lanes empty."""
    return 3 * rounded_up(len(x), TILE.lanes(x.itemsize)) <= 4 * len(x)


def _finite(a: Array) -> bool:
    """Whether no element is infinite or NaN."""
    return finite(contiguous(a).reshape(-1))
