"""What convolutions keep and need: tables bounded in bytes, large images taken a band of rows at a time."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings

from minigrad.kernels import cpu, reference
from minigrad.kernels.cpu.conv import bands
from minigrad.kernels.cpu.conv.tables import SizedGeometry, by_place, counts
from minigrad.kernels.cpu.conv.tables import lines_by_place as by_places
from minigrad.kernels.cpu.conv.tables import lines_by_source as by_sources
from minigrad.kernels.cpu.runtime.keeping import Shelf, shelf
from minigrad.kernels.geometry import Geometry
from tests.minigrad.kernels.strategies import Array, Convolution, assert_close, convolutions

ONE = Geometry(padding=(1, 1))


def convolve(x: Array, w: Array) -> tuple[Array, Array, Array]:
    """The three kernels, at stride 1 and padding 1."""
    y = cpu.conv2d(x, w, ONE)
    size, kernel = x.shape[2:], w.shape[2:]
    return y, cpu.conv_transpose2d(y, w, size, ONE), cpu.conv2d_weight(x, y, kernel, ONE)


def test_a_shelf_gives_up_what_was_used_longest_ago() -> None:
    made: list[int] = []
    small = Shelf(100)

    @small.keeps
    def table(size: int) -> tuple[Array, int]:
        made.append(size)
        return np.zeros(size, np.uint8), size

    for size in (40, 41, 40, 42, 40, 41, 101, 101):
        assert table(size)[1] == size
        assert small.bytes <= 100
    assert made == [40, 41, 42, 41, 101, 101]
    assert (len(small), small.bytes) == (2, 81)


def test_many_sizes_keep_few_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """200 sizes kept 1.9 GiB: 256 tables of each kind, each larger than its image."""
    monkeypatch.setattr(shelf, "limit", 1 << 19)
    w, rng = np.ones((5, 3, 3, 3), np.float32), np.random.default_rng(0)
    for size in range(24, 40):
        for n in (1, 32):
            convolve(rng.normal(size=(n, 3, size, size + 1)).astype(np.float32), w)
        assert shelf.bytes <= shelf.limit
    assert shelf.bytes > shelf.limit // 2


def test_a_large_image_needs_little_more_than_itself() -> None:
    """One image of 1024 x 1024 took 827 MiB."""
    x, w = np.ones((1, 1, 1024, 1024), np.float32), np.ones((1, 1, 3, 3), np.float32)
    tracemalloc.start()
    try:
        convolve(x, w)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * x.nbytes + (16 << 20)


@settings(max_examples=40, deadline=None)
@given(convolutions().filter(lambda case: len(case.x) < 20))
def test_bands_of_rows_are_the_whole(case: Convolution) -> None:
    size, kernel = case.x.shape[2:], case.w.shape[2:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bands, "PIXELS", 1)
        y = cpu.conv2d(case.x, case.w, case.geometry)
        gx = cpu.conv_transpose2d(case.y, case.w, size, case.geometry)
        gw = cpu.conv2d_weight(case.x, case.y, kernel, case.geometry)
    assert_close(y, reference.conv2d(case.x, case.w, case.geometry), case.w[0].size)
    expected = reference.conv_transpose2d(case.y, case.w, size, case.geometry)
    assert_close(gx, expected, case.w[:, 0].size)
    expected = reference.conv2d_weight(case.x, case.y, kernel, case.geometry)
    assert_close(gw, expected, max(1, case.y[:, 0].size))


@pytest.mark.usefixtures("winograd_of_few")
def test_bands_of_winograd_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the bias of each output is added once, in bands that read nothing as well."""
    rng, geometry = np.random.default_rng(0), Geometry((2, 2), (1, 3))
    x, w = (rng.normal(size=shape).astype(np.float32) for shape in ((1, 48, 41, 31), (48, 48, 4, 4)))
    b = rng.normal(size=48).astype(np.float32)
    monkeypatch.setattr(bands, "PIXELS", 16 * 17)
    y = cpu.conv2d_bias_leaky_relu(x, w, b, geometry, 0.2)
    g = reference.conv2d(x, w, geometry)
    expected = reference.bias_leaky_relu(g, b, 0.2)
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    expected = reference.conv_transpose2d(g, w, (41, 31), geometry)
    actual = cpu.conv_transpose2d(g, w, (41, 31), geometry)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-5 * np.abs(expected).max())
    expected = reference.conv2d_weight(x, g, (4, 4), geometry)
    actual = cpu.conv2d_weight(x, g, (4, 4), geometry)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


@settings(max_examples=100, deadline=None)
@given(convolutions())
def test_sizes_of_tables_are_known_without_them(case: Convolution) -> None:
    shapes = (case.x.shape, case.y.shape, case.w.shape)
    size, places, kernel = ((shape[2], shape[3]) for shape in shapes)
    geometry = SizedGeometry(size, places, kernel, *case.geometry[:3])
    lines = by_places(geometry), by_sources(geometry)
    expected = by_place(geometry, 1, 1).left.size, *(line.pixels.size for line in lines)
    assert counts(geometry) == expected
