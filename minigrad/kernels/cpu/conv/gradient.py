"""conv2d_weight: the way with the least work, band by band where an image is large."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cpu.conv import bands, dots, taps, whole
from minigrad.kernels.cpu.conv.images import images_of
from minigrad.kernels.cpu.conv.tables import SizedGeometry, by_tap, counts, lines_by_place, lines_by_source
from minigrad.kernels.cpu.conv.winograd import algorithm
from minigrad.kernels.cpu.conv.winograd import gradient as winograd
from minigrad.kernels.cpu.runtime.compiling import contiguous, launch
from minigrad.kernels.cpu.tiles.magnitude import finite
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
    quick = algorithm.pays(x, x.shape[1], g.shape[1], groups, geometry, algorithm.WEIGHT)
    if quick and winograd.sum_weights(x, g, gw, geometry):
        return
    lanes, count = TILE.lanes(x.itemsize), counts(geometry)
    results = gw.reshape(groups, -1, x.shape[1] // groups, geometry.taps)
    for x_images, g_images, result in zip(images_of(x, groups), images_of(g, groups), results, strict=True):
        packing = MOVING * (x_images.size + g_images.size)
        units = rounded_up(x_images.share, lanes) * rounded_up(g_images.share, ROWS)
        work = {
            "taps": units * count.meetings + packing,
            "few in x": dots.work(g_images, x_images, geometry.taps, count.lines_by_place),
            "few in g": dots.work(x_images, g_images, geometry.taps, count.lines_by_source),
        }
        way = min(work, key=lambda name: work[name])
        with launch(work[way] * len(x)) as workers:
            if way == "few in x":
                result[...] = dots.sum_products(g_images, x_images, lines_by_place(geometry), workers)
            elif way == "few in g":
                products = dots.sum_products(x_images, g_images, lines_by_source(geometry), workers)
                result[...] = products.swapaxes(0, 1)
            # the others multiply zeros for what lies outside
            if way == "taps" or not finite(result.reshape(-1)):
                taps.fill(x_images, g_images, by_tap(geometry, ROWS, lanes), workers, result)
