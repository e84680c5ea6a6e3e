"""Large images cut into bands of rows, so that a convolution needs the tables and memory of one band.

A band is a convolution of its own. Its padding says where its first place begins among its rows.
"""

from __future__ import annotations

from typing import NamedTuple

from minigrad.kernels.cpu.conv.tables import SizedGeometry

PIXELS = 1 << 14
"""Of a band, or a row if that has more: 128 x 128."""


class Band(NamedTuple):
    """Rows of x, the rows of y that belong to them, and the geometry of these alone."""

    sources: slice
    places: slice
    geometry: SizedGeometry


def fits(size: tuple[int, int]) -> bool:
    """Whether ``size`` (rows, columns) is one band."""
    return size[0] * size[1] <= PIXELS


def by_places(geometry: SizedGeometry) -> list[Band]:
    """Bands of y, each with all that it reads of x."""
    bands = []
    (size, places), stride, padding, reach = _height(geometry)
    for first, last in _cut(places, geometry.places[1]):
        start = first * stride - padding
        end = (last - 1) * stride - padding + reach
        bands.append(_band(geometry, (max(start, 0), min(end, size)), (first, last), padding))
    return bands


def by_sources(geometry: SizedGeometry) -> list[Band]:
    """Bands of x, each with all places of y that read it."""
    bands = []
    (size, places), stride, padding, reach = _height(geometry)
    for first, last in _cut(size, geometry.size[1]):
        start = -((reach - 1 - padding - first) // stride)
        end = (last - 1 + padding) // stride + 1
        bands.append(_band(geometry, (first, last), (max(start, 0), min(end, places)), padding))
    return bands


def _height(geometry: SizedGeometry) -> tuple[tuple[int, int], int, int, int]:
    """(size, places), stride and padding along the height, and the rows that a place's taps span."""
    reach = (geometry.kernel[0] - 1) * geometry.dilation[0] + 1
    return (geometry.size[0], geometry.places[0]), geometry.stride[0], geometry.padding[0], reach


def _cut(rows: int, width: int) -> list[tuple[int, int]]:
    step = max(1, PIXELS // max(width, 1))
    return [(first, min(first + step, rows)) for first in range(0, rows, step)]


def _band(geometry: SizedGeometry, sources: tuple[int, int], places: tuple[int, int], padding: int) -> Band:
    (s0, s1), (p0, p1) = sources, places
    own = geometry._replace(
        size=(max(s1 - s0, 0), geometry.size[1]),
        places=(max(p1 - p0, 0), geometry.places[1]),
        padding=(padding + s0 - p0 * geometry.stride[0], geometry.padding[1]),
    )
    return Band(slice(s0, max(s0, s1)), slice(p0, max(p0, p1)), own)
