"""What the kernel tests draw: arrays in awkward memory layouts, and convolutions of every geometry."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from minigrad.kernels.geometry import Geometry

Array = NDArray[Any]
Pair = tuple[int, int]
DTYPES = (np.float32, np.float64)


def laid_out(a: Array, layout: str) -> Array:
    """An array equal to ``a`` whose memory is arranged in another way."""
    if layout == "transposed":
        return np.asfortranarray(a)
    if layout == "negative":
        return a[..., ::-1].copy()[..., ::-1]
    if layout == "sliced":
        wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1] + 1), a.dtype)
        wide[..., 1::2] = a
        return wide[..., 1::2]
    if layout == "read-only":
        a = a.copy()
        a.flags.writeable = False
        return a
    if layout == "unaligned":
        memory = np.zeros(a.nbytes + 1, np.uint8)
        shifted = memory[1:].view(a.dtype).reshape(a.shape)
        shifted[...] = a
        return shifted
    return a


LAYOUT_NAMES = ("contiguous", "transposed", "negative", "sliced", "read-only", "unaligned")
LAYOUTS = st.sampled_from(LAYOUT_NAMES)
SHAPES = st.lists(st.integers(0, 6), min_size=2, max_size=4).map(tuple)
LARGE = st.sampled_from(
    [(300, 70), (3, 40, 13, 11), (20000, 1), (1, 1, 370, 370), (700, 200), (5, 40, 29, 25)]
)


SOME_LARGE = st.one_of(SHAPES, SHAPES, SHAPES, LARGE)


@st.composite
def arrays(
    draw: st.DrawFn, count: int, shapes: st.SearchStrategy[tuple[int, ...]] = SOME_LARGE
) -> list[Array]:
    """``count`` arrays of one shape and dtype, each in its own layout, zeros of both signs among them."""
    shape = draw(shapes)
    dtype, rng = draw(st.sampled_from(DTYPES)), np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = [rng.normal(size=shape) * rng.integers(-1, 2, size=shape) for _ in range(count)]
    return [laid_out(a.astype(dtype), draw(LAYOUTS)) for a in values]


class Convolution(NamedTuple):
    """y = conv2d(x, w): three arrays that fit each other, and how they meet."""

    x: Array
    w: Array
    y: Array
    geometry: Geometry


@st.composite
def convolutions(draw: st.DrawFn, dtypes: tuple[type, ...] = DTYPES) -> Convolution:
    """Small geometries of every kind, now and then with many channels, or no image."""
    groups = draw(st.integers(1, 3))
    many = draw(st.sampled_from([1, 1, 1, 9]))
    c, o = groups * many * draw(st.integers(1, 4)), groups * many * draw(st.integers(1, 3))
    kernel, stride, padding, dilation, places, size = (), (), (), (), (), ()
    for _ in range(2):
        k, s = draw(st.integers(1, 4)), draw(st.integers(1, 3))
        d, p = draw(st.integers(1, 3)), draw(st.integers(0, 3))
        count = draw(st.integers(1, 6))
        # the smallest size with this many places, and a few more elements that may or may not add one
        extent = max(1, (count - 1) * s + d * (k - 1) + 1 - 2 * p + draw(st.integers(0, s)))
        kernel, stride, padding, dilation = (*kernel, k), (*stride, s), (*padding, p), (*dilation, d)
        size = (*size, extent)
        places = (*places, min(count, (extent + 2 * p - d * (k - 1) - 1) // s + 1))
    n = draw(st.sampled_from([0, 1, 2, 3, 5, 13, 16, 26, 32, 50]))  # some fill the lanes of the vectors
    dtype, seed = draw(st.sampled_from(dtypes)), draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    shapes = ((n, c, *size), (o, c // groups, *kernel), (n, o, *places))
    x, w, y = (laid_out(rng.normal(size=shape).astype(dtype), draw(LAYOUTS)) for shape in shapes)
    return Convolution(x, w, y, Geometry(stride, padding, dilation, groups))


def assert_close(actual: Array, expected: Array, terms: int) -> None:
    """Equal up to the rounding of a sum of ``terms`` products of numbers near 1; same dtype, C-contiguous."""
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape
    assert actual.flags.c_contiguous
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=8 * terms * np.finfo(expected.dtype).eps)
