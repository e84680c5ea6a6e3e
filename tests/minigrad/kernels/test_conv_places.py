"""The convolution with output places in the lanes: every shape, every cut of the work, both directions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels import cpu, reference
from minigrad.kernels.cpu.bias import epilogue_of
from minigrad.kernels.cpu.conv import places, spread, whole
from minigrad.kernels.cpu.conv.images import images_of
from minigrad.kernels.cpu.conv.tables import SizedGeometry, runs_to_places, runs_to_sources
from minigrad.kernels.cpu.runtime import compiling
from minigrad.kernels.cpu.runtime.compiling import contiguous
from minigrad.kernels.geometry import Geometry
from tests.minigrad.kernels.strategies import Array, Convolution, assert_close, convolutions


def fill(case: Convolution, bias: Array, *, transposed: bool) -> Array:
    """conv2d with a bias and leaky ReLU, or its adjoint, through ``places`` alone."""
    x, w, y = (contiguous(a) for a in case[:3])
    sizes = [(a.shape[2], a.shape[3]) for a in (x, y, w)]
    geometry, groups = SizedGeometry(*sizes, *case.geometry[:3]), case.geometry.groups
    weights = w.reshape(groups, -1, w.shape[1], geometry.taps)
    source, result = (y, np.full_like(x, np.nan)) if transposed else (x, np.full_like(y, np.nan))
    places.fill(
        images_of(source, groups)[0],
        weights.swapaxes(1, 2) if transposed else weights,
        images_of(result, groups)[0],
        geometry,
        epilogue_of(bias[:0] if transposed else bias, 0.25),
        lambda: pytest.fail("not finite"),
        transposed=transposed,
    )
    return result


@settings(max_examples=150, deadline=None)
@given(convolutions().filter(lambda case: len(case.x) > 0), st.sampled_from([1, 1 << 14, places.MOST]))
def test_places_equal_reference(case: Convolution, most: int) -> None:
    """In blocks of some rows or some images, by all threads, whose shares are blocks or panels of weights."""
    bias = np.random.default_rng(0).normal(size=len(case.w)).astype(case.w.dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "MOST", most)
        patch.setattr(compiling, "SMALL", 0)
        places.plan_of.cache_clear()
        y, gx = fill(case, bias, transposed=False), fill(case, bias, transposed=True)
    places.plan_of.cache_clear()
    tall, wide = case.y.shape[2:]
    given_all = reference.conv2d_bias_leaky_relu(case.x, case.w, bias, case.geometry, 0.25)
    assert_close(y, np.ascontiguousarray(given_all[:, :, :tall, :wide]), case.w[0].size)
    size = case.x.shape[2], case.x.shape[3]
    expected = reference.conv_transpose2d(case.y, case.w, size, case.geometry)
    assert_close(gx, expected, case.w[:, 0].size)


@settings(max_examples=150, deadline=None)
@given(convolutions().filter(lambda case: len(case.x) > 0), st.sampled_from([1, spread.MOST]))
def test_products_that_are_spread_equal_reference(case: Convolution, most: int) -> None:
    """By all threads, whose shares are images or outputs; with one vector of sources to several tiles."""
    x, w, y = (contiguous(a) for a in case[:3])
    sizes = [(a.shape[2], a.shape[3]) for a in (x, y, w)]
    geometry, groups = SizedGeometry(*sizes, *case.geometry[:3]), case.geometry.groups
    weights = w.reshape(groups, -1, w.shape[1], geometry.taps)
    bias = np.random.default_rng(0).normal(size=len(w)).astype(w.dtype)
    none = epilogue_of(bias[:0], 1.0)
    for source, like, own, runs, epilogue in (
        (x, y, weights, runs_to_places(geometry), epilogue_of(bias, 0.25)),
        (y, x, weights.swapaxes(1, 2), runs_to_sources(geometry), none),
    ):
        result = np.full_like(like, np.nan)
        sides = images_of(source, groups), images_of(result, groups)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(spread, "MOST", most)
            patch.setattr(compiling, "SMALL", 0)
            if spread.plan_of(sides[0][0], sides[1][0], geometry.taps, 1, False)[1] == math.inf:
                continue
            for group, (read, written) in enumerate(zip(*sides, strict=True)):
                spread.fill(read, own[group], written, runs, epilogue)
        if like is y:
            expected = reference.conv2d_bias_leaky_relu(case.x, case.w, bias, case.geometry, 0.25)
            tall, wide = y.shape[2:]
            expected = np.ascontiguousarray(expected[:, :, :tall, :wide])
        else:
            expected = reference.conv_transpose2d(case.y, case.w, sizes[0], case.geometry)
        assert_close(result, expected, max(w[0].size, w[:, 0].size))


@pytest.mark.parametrize("width", [16, 32, 40, 64])
@pytest.mark.parametrize("o", [1, 13, 30])
def test_rows_that_fill_the_lanes_equal_reference(width: int, o: int) -> None:
    """Their sums are written to the result, over several chunks of channels."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 70, 3, width)).astype(np.float32)
    w, y = rng.normal(size=(o, 70, 3, 3)).astype(np.float32), np.zeros((2, o, 3, width), np.float32)
    case, bias = Convolution(x, w, y, Geometry(padding=(1, 1))), np.ones(o, np.float32)
    expected = reference.conv2d_bias_leaky_relu(x, w, bias, case.geometry, 0.25)
    assert_close(fill(case, bias, transposed=False), expected, w[0].size)


def test_more_threads_than_blocks_share_the_weights() -> None:
    geometry = SizedGeometry((4, 4), (4, 4), (3, 3), (1, 1), (1, 1), (1, 1))
    shares = [places.plan_of(geometry, False, (1, 1, 256, 512), 32, threads)[0].splits for threads in (1, 8)]
    assert shares == [1, 8]
    assert places.plan_of(geometry, False, (256, 1, 256, 512), 32, 8)[0].splits == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_kernel_as_large_as_the_image_is_a_product(dtype: type) -> None:
    rng, geometry = np.random.default_rng(0), Geometry()
    for n, c, o, kernel in ((1, 30, 40, (4, 4)), (7, 5, 1, (3, 1)), (3, 1, 20, (1, 6))):
        x = rng.normal(size=(n, c, *kernel)).astype(dtype)
        w = rng.normal(size=(o, c, *kernel)).astype(dtype)
        sized = SizedGeometry(kernel, (1, 1), kernel, *geometry[:3])
        assert whole.fits(sized, 1)
        assert not whole.fits(sized, 2)
        assert not whole.fits(sized._replace(dilation=(2, 2)), 1)
        y = reference.conv2d(x, w, geometry)
        assert_close(cpu.conv2d(x, w, geometry), y, w[0].size)
        bias = rng.normal(size=o).astype(dtype)
        expected = reference.conv2d_bias_leaky_relu(x, w, bias, geometry, 0.2)
        assert_close(cpu.conv2d_bias_leaky_relu(x, w, bias, geometry, 0.2), expected, w[0].size)
        expected = reference.conv_transpose2d(y, w, kernel, geometry)
        assert_close(cpu.conv_transpose2d(y, w, kernel, geometry), expected, 8 * o)
        expected = reference.conv2d_weight(x, y, kernel, geometry)
        assert_close(cpu.conv2d_weight(x, y, kernel, geometry), expected, 8 * n)
