"""conv2d_weight: the way with the least work, band by band where an image is large."""

from __future__ import annotations

from functools import partial

import numpy as np

from minigrad.kernels.cpu.conv import bands, dots, taps, whole
from minigrad.kernels.cpu.conv.images import Images, images_of
from minigrad.kernels.cpu.conv.tables import SizedGeometry, by_tap, counts, lines_by_place, lines_by_source
from minigrad.kernels.cpu.conv.winograd import algorithm
from minigrad.kernels.cpu.conv.winograd import gradient as winograd
from minigrad.kernels.cpu.runtime.compiling import contiguous, launch, nominal_threads
from minigrad.kernels.cpu.tiles.packing import rounded_up
from minigrad.kernels.cpu.tiles.registers import ROWS, TILE
from minigrad.types import Array

MOVING = 40  # multiplications that take as long as to pack an element


def sum_weights(x: Array, g: Array, gw: Array, geometry: SizedGeometry, groups: int) -> None:
    """Fill gw (o, c / groups, kh, kw): band by band of rows."""
    if whole.fits(geometry, groups):
        whole.conv2d_weight(contiguous(x), contiguous(g), gw)
        return
    if bands.fits(geometry.places):
        _sum_band(x, g, gw, geometry, groups)
        return
    gw.fill(0)
    part = np.empty_like(gw)
    for band in bands.by_places(geometry):
        rows = x[:, :, band.sources]
        if rows.size:
            _sum_band(rows, g[:, :, band.places], part, band.geometry, groups)
            gw += part


def _sum_band(x: Array, g: Array, gw: Array, geometry: SizedGeometry, groups: int) -> None:
    """Fill gw, by Winograd's algorithm or directly."""
    x, g = contiguous(x), contiguous(g)
    directly = partial(_multiply, x, g, gw, geometry, groups)
    if _winograd_pays(x, g, geometry, groups):
        winograd.sum_weights(x, g, gw, geometry, directly)
    else:
        directly()


def _multiply(x: Array, g: Array, gw: Array, geometry: SizedGeometry, groups: int) -> None:
    """Fill gw directly, group by group: the way with the least estimated work."""
    count = counts(geometry)
    results = gw.reshape(groups, -1, x.shape[1] // groups, geometry.taps)
    for x_images, g_images, result in zip(images_of(x, groups), images_of(g, groups), results, strict=True):
        work = {
            "taps": _taps_work(x_images, g_images, count.meetings),
            "few in x": dots.work(g_images, x_images, geometry.taps, count.lines_by_place),
            "few in g": dots.work(x_images, g_images, geometry.taps, count.lines_by_source),
        }
        way = min(work, key=lambda name: work[name])
        with launch(work[way] * len(x)) as workers:
            tap_by_tap = partial(_fill_taps, x_images, g_images, geometry, workers, result)
            if way == "few in x":
                lines = lines_by_place(geometry)
                dots.fill(g_images, x_images, lines, workers, result, tap_by_tap, swapped=False)
            elif way == "few in g":
                lines = lines_by_source(geometry)
                dots.fill(x_images, g_images, lines, workers, result, tap_by_tap, swapped=True)
            else:
                tap_by_tap()


def _fill_taps(x: Images, g: Images, geometry: SizedGeometry, workers: int, gw: Array) -> None:
    taps.fill(x, g, by_tap(geometry, ROWS, TILE.lanes(gw.itemsize)), workers, gw)


def _winograd_pays(x: Array, g: Array, geometry: SizedGeometry, groups: int) -> bool:
    """Whether Winograd's algorithm is possible, and quicker than ``taps``."""
    (n, c), o = x.shape[:2], g.shape[1]
    if not algorithm.fits(x, c, o, groups, geometry, algorithm.WEIGHT):
        return False
    meetings = counts(geometry).meetings
    threads = nominal_threads(n * o * c * meetings)
    direct = n * _taps_work(images_of(x, 1)[0], images_of(g, 1)[0], meetings) / threads
    return bool(winograd.work((n, o, c), geometry, threads) < direct)


def _taps_work(x: Images, g: Images, meetings: int) -> float:
    """The estimated time of ``taps`` for an image, in multiplications."""
    units = rounded_up(x.share, TILE.lanes(x.memory.itemsize)) * rounded_up(g.share, ROWS)
    return units * meetings + MOVING * (x.size + g.size)
