"""Which elements of a convolution meet: index tables, computed once per geometry in NumPy.

A tap i of the kernel, a place p of y and a source s of x meet if s = p * stride + i * dilation - padding; all
are counted over the flattened axes. The tables list only sources inside the image, so that nothing is padded.
Each of the three kernels loops over one member of the triples and sums over the other two. A table is larger
than its image: ``runtime.keeping`` limits the tables that are kept, ``bands`` the size of an image.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minigrad.kernels.cpu.runtime.keeping import shelf
from minigrad.types import Pair

Table = NDArray[np.int64]


class SizedGeometry(NamedTuple):
    """The sizes of x, y (its places) and the kernel, and how the kernel moves: all that triples need."""

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
    """The triples sorted by one member: triples first[v] to first[v + 1] have its value v."""

    first: Table
    left: Table
    right: Table


@shelf.keeps
def by_place(geometry: SizedGeometry, left: int, right: int) -> Meetings:
    """For each place: taps times ``left``, sources times ``right``."""
    tap, place, source = _triples(geometry)
    return _grouped(place, geometry.outputs, tap * left, source * right)


@shelf.keeps
def by_source(geometry: SizedGeometry, left: int, right: int) -> Meetings:
    """For each source: taps times ``left``, places times ``right``."""
    tap, place, source = _triples(geometry)
    return _grouped(source, geometry.pixels, tap * left, place * right)


@shelf.keeps
def by_tap(geometry: SizedGeometry, left: int, right: int) -> Meetings:
    """For each tap: places times ``left``, sources times ``right``."""
    tap, place, source = _triples(geometry)
    return _grouped(tap, geometry.taps, place * left, source * right)


class Lines(NamedTuple):
    """An order of the pixels: for each tap, the pixels that the keys meet follow each other, key by key.

    Taps share the pixels if their rows differ only in where they begin.
    """

    pixels: Table  # the number of a pixel, or one past the last for zero
    starts: Table  # (taps,) where the pixels of a tap begin


@shelf.keeps
def lines_by_place(geometry: SizedGeometry) -> Lines:
    """The sources that each place meets."""
    step, shift, offset = geometry.stride, geometry.dilation, [-p for p in geometry.padding]
    return _lines(geometry, geometry.places, geometry.size, step, shift, offset, (1, 1))


@shelf.keeps
def lines_by_source(geometry: SizedGeometry) -> Lines:
    """The places that each source meets."""
    shift, offset = [-d for d in geometry.dilation], geometry.padding
    return _lines(geometry, geometry.size, geometry.places, (1, 1), shift, offset, geometry.stride)


class Counts(NamedTuple):
    """The sizes of the tables."""

    meetings: int  # the triples
    lines_by_place: int  # pixels
    lines_by_source: int


@lru_cache(maxsize=1024)
def counts(geometry: SizedGeometry) -> Counts:
    """The sizes of the tables, computed without them, for the choice of a way."""
    rows, columns = (_along(*numbers) for numbers in zip(*geometry, strict=True))
    lines = []
    steps = (geometry.stride[0], geometry.dilation[0]), (1, -geometry.dilation[0])
    for keys, (step, shift) in zip((geometry.places, geometry.size), steps, strict=True):
        remainders, _, _, count = _rows(geometry, keys[0], step, shift)
        lines.append(remainders.size * count * geometry.kernel[1] * keys[1])
    return Counts(len(rows[0]) * len(columns[0]), *lines)


def _rows(geometry: SizedGeometry, keys: int, step: int, shift: int) -> tuple[Table, Table, Table, int]:
    """For ``_lines``: the rows' remainders; each tap's remainder, as an index, and delay; a row's length."""
    remainders, skipped = np.divmod(np.arange(geometry.kernel[0]) * shift, step)[::-1]
    rows, row = np.unique(remainders, return_inverse=True)
    return rows, row, skipped, keys + int(np.ptp(skipped))


def _lines(
    geometry: SizedGeometry,
    keys: Pair,
    size: Pair,
    step: Pair,
    shift: Sequence[int],
    offset: Sequence[int],
    divisor: Pair,
) -> Lines:
    """Along an axis, key k meets pixel (k * step + tap * shift + offset) / divisor if there is one."""
    width = geometry.kernel[1]
    lines, line, skipped, count = _rows(geometry, keys[0], step[0], shift[0])
    first = skipped.min()
    y = lines[:, None] + (first + np.arange(count)) * step[0]
    x = np.arange(width)[:, None] * shift[1] + np.arange(keys[1]) * step[1]
    y, x = _divided(y + offset[0], divisor[0], size[0]), _divided(x + offset[1], divisor[1], size[1])
    y, x = y[:, None, :, None], x[None, :, None, :]
    pixels = np.where((y < 0) | (x < 0), size[0] * size[1], y * size[1] + x)
    starts = (line[:, None] * width + np.arange(width)) * count + (skipped - first)[:, None]
    return Lines(pixels.ravel(), (starts * keys[1]).ravel())


def _divided(product: Table, divisor: int, size: int) -> Table:
    """product / divisor if that is a whole number below ``size``, else -1."""
    quotient, rest = np.divmod(product, divisor)
    return np.where((rest == 0) & (quotient >= 0) & (quotient < size), quotient, -1)


class Runs(NamedTuple):
    """The meetings as runs of results, each a sum of runs of products, which lie tap after tap.

    A run has the results of a row that are ``target_step`` apart; the runs have every result once.
    """

    taps: int
    target: Table  # a run's first result
    length: Table
    first: Table  # its terms are first[run] to first[run + 1]
    terms: Table  # (terms, 3): product that the run's first result would take, and which results take any
    source_step: int
    target_step: int


@shelf.keeps
def runs_to_places(geometry: SizedGeometry) -> Runs:
    """Products of all sources, results in the places."""
    tap, place, source, count = _runs(geometry)
    product, step = tap * geometry.pixels + source, geometry.stride[1]
    return _summed(geometry.taps, geometry.places, (product, place, count), step, 1)


@shelf.keeps
def runs_to_sources(geometry: SizedGeometry) -> Runs:
    """Products of all places, results in the sources."""
    tap, place, source, count = _runs(geometry)
    product, step = tap * geometry.outputs + place, geometry.stride[1]
    return _summed(geometry.taps, geometry.size, (product, source, count), 1, step)


def _summed(
    taps: int, size: Pair, meetings: tuple[Table, Table, Table], source_step: int, target_step: int
) -> Runs:
    """The runs of results of that size, from those of products: first product, first result and count."""
    (product, result, count), (rows, width) = meetings, size
    step = min(target_step, width)
    row, column = (index.ravel() for index in np.indices((rows, step)))
    run, before = result // width * step + result % width % step, result % width // step
    order = np.argsort(run, kind="stable")  # the terms of a run in order of the tap
    return Runs(
        taps,
        row * width + column,
        (width - column + step - 1) // step,
        np.searchsorted(run[order], np.arange(rows * step + 1)),
        np.stack([product - before * source_step, before, before + count], 1)[order],
        source_step,
        step,
    )


def _runs(geometry: SizedGeometry) -> tuple[Table, Table, Table, Table]:
    """Tap, first place, first source and count of the meetings within a row, in order of the tap."""
    tap, place, source = _triples(geometry)
    row = tap * geometry.places[0] + place // geometry.places[1]
    first, count = np.unique(row, return_index=True, return_counts=True)[1:]
    return tap[first], place[first], source[first], count


def _triples(geometry: SizedGeometry) -> tuple[Table, Table, Table]:
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
