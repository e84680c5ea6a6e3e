"""Which elements of a convolution meet: index tables, worked out once per geometry in plain Python.

A convolution joins triples of a tap i of the kernel, a place p of y and a source s of x (all counted over
the flattened axes) with s = p * stride + i * dilation - padding. Only those inside the image are listed, so
nothing is ever padded. Each of the three kernels goes over one of them and sums over the other two.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minigrad.kernels import Pair

Table = NDArray[np.int64]


class Geometry(NamedTuple):
    """All that the triples depend on: x of `size`, y of `places`."""

    size: Pair
    places: Pair
    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair

    @property
    def pixels(self) -> int:
        return self.size[0] * self.size[1]

    @property
    def outputs(self) -> int:
        return self.places[0] * self.places[1]

    @property
    def taps(self) -> int:
        return self.kernel[0] * self.kernel[1]


class Meetings(NamedTuple):
    """The triples in order of one member: those of its value v are first[v] <= j < first[v + 1]."""

    first: Table
    left: Table
    right: Table


@lru_cache(maxsize=256)
def by_place(geometry: Geometry, left: int, right: int) -> Meetings:
    """For each place: taps times `left`, sources times `right`."""
    tap, place, source = _triples(geometry)
    return _grouped(place, geometry.outputs, tap * left, source * right)


@lru_cache(maxsize=256)
def by_source(geometry: Geometry, left: int, right: int) -> Meetings:
    """For each source: taps times `left`, places times `right`."""
    tap, place, source = _triples(geometry)
    return _grouped(source, geometry.pixels, tap * left, place * right)


@lru_cache(maxsize=256)
def by_tap(geometry: Geometry, left: int, right: int) -> Meetings:
    """For each tap: places times `left`, sources times `right`."""
    tap, place, source = _triples(geometry)
    return _grouped(tap, geometry.taps, place * left, source * right)


@lru_cache(maxsize=256)
def partners_of_places(geometry: Geometry, width: int) -> Table:
    """For each tap and place the source, one past the last if there is none: (taps, places in vectors)."""
    tap, place, source = _triples(geometry)
    return _in_vectors(tap, place, source, (geometry.taps, geometry.outputs), width, geometry.pixels)


@lru_cache(maxsize=256)
def partners_of_sources(geometry: Geometry, width: int) -> Table:
    """For each tap and source the place, one past the last if there is none: (taps, sources in vectors)."""
    tap, place, source = _triples(geometry)
    return _in_vectors(tap, source, place, (geometry.taps, geometry.pixels), width, geometry.outputs)


def _in_vectors(
    tap: Table, key: Table, partner: Table, shape: tuple[int, int], width: int, none: int
) -> Table:
    """The partner of each (tap, key); the last vector of keys ends with the last key, and nothing twice."""
    partners = np.full(shape, none)
    partners[tap, key] = partner
    whole, rest = shape[1] // width * width, shape[1] % width
    missing = np.full((shape[0], -rest % width), none)
    return np.concatenate([partners[:, :whole], missing, partners[:, whole:]], axis=1)


def _triples(geometry: Geometry) -> tuple[Table, Table, Table]:
    """(tap, place, source) of every meeting, in order of the tap and then of the place."""
    rows, columns = (_along(*numbers) for numbers in zip(*geometry, strict=True))
    y, x = (index.ravel() for index in np.indices((len(rows[0]), len(columns[0]))))
    widths = (geometry.kernel[1], geometry.places[1], geometry.size[1])
    tap, place, source = (
        rows[i][y] * width + columns[i][x] for i, width in zip(range(3), widths, strict=True)
    )
    order = np.lexsort((place, tap))
    return tap[order], place[order], source[order]


def _along(size: int, places: int, kernel: int, stride: int, padding: int, dilation: int) -> Table:
    """The triples along one axis: (3, count)."""
    tap, place = (index.ravel() for index in np.indices((kernel, places)))
    source = place * stride + tap * dilation - padding
    return np.stack([tap, place, source])[:, (source >= 0) & (source < size)]


def _grouped(key: Table, count: int, left: Table, right: Table) -> Meetings:
    order = np.argsort(key, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(key, minlength=count))])
    return Meetings(first.astype(np.int64), left[order], right[order])
