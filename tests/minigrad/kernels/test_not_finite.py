"""One infinity or NaN reaches the results whose sums read it, and no others, in all ways to convolve."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
import pytest

from minigrad.kernels import cpu, reference
from minigrad.kernels.geometry import Geometry
from tests.minigrad.kernels.strategies import LAYOUT_NAMES, Array, laid_out

Pair = tuple[int, int]


class Shape(NamedTuple):
    """x (n, c, *size), w (o, c / groups, *kernel)."""

    n: int
    c: int
    o: int
    size: Pair
    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair = (1, 1)
    groups: int = 1

    @property
    def geometry(self) -> Geometry:
        return Geometry(self.stride, self.padding, self.dilation, self.groups)


pytestmark = pytest.mark.usefixtures("winograd_of_few")

SHAPES = {
    "Winograd, one image": Shape(1, 64, 128, (14, 14), (4, 4), (2, 2), (1, 1)),
    "Winograd, two blocks of images": Shape(40, 50, 49, (13, 16), (4, 4), (2, 2), (2, 0)),
    "Winograd, rows of tiles": Shape(2, 33, 48, (28, 31), (4, 4), (2, 2), (3, 1)),
    "places of some images": Shape(2, 5, 4, (6, 7), (3, 3), (2, 1), (1, 2)),
    "places, more weights than results": Shape(1, 40, 30, (5, 4), (3, 3), (1, 1), (1, 1)),
    "places of classes and groups": Shape(2, 26, 30, (10, 8), (5, 3), (3, 2), (2, 1), (2, 1), 2),
    "places of whole rows": Shape(1, 20, 14, (32, 32), (3, 3), (1, 1), (1, 1)),
    "a kernel as large as the image": Shape(5, 14, 9, (3, 4), (3, 4), (1, 1), (0, 0)),
    "lanes": Shape(32, 9, 14, (6, 5), (3, 2), (1, 2), (1, 1), (2, 1)),
    "lanes, one output": Shape(64, 16, 1, (9, 9), (3, 3), (1, 1), (1, 1)),
    "few to read": Shape(3, 1, 64, (28, 28), (4, 4), (2, 2), (1, 1)),
    "few to write": Shape(3, 64, 1, (14, 14), (3, 3), (1, 1), (1, 1)),
    "few in a group": Shape(7, 4, 26, (17, 12), (3, 3), (1, 1), (2, 2), (1, 1), 2),
    "a group for each channel": Shape(16, 6, 6, (8, 8), (3, 3), (1, 1), (1, 1), (1, 1), 6),
}


def not_finite(kernel: str, arguments: tuple[Array, ...], rest: tuple[object, ...]) -> tuple[Array, Array]:
    """Where the reference's and where the CPU's result is not finite."""
    with np.errstate(invalid="ignore", over="ignore"):
        expected = getattr(reference, kernel)(*arguments, *rest)
    actual = getattr(cpu, kernel)(*arguments, *rest)
    finite = np.isfinite(expected)
    scale = np.abs(expected[finite]).max(initial=1)
    np.testing.assert_allclose(actual[finite], expected[finite], rtol=0, atol=1e-4 * scale)
    return ~finite, ~np.isfinite(actual)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("value", [np.inf, np.nan])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_number_spoils_only_what_reads_it(shape: Shape, value: float, dtype: type) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(shape.n, shape.c, *shape.size)).astype(dtype)
    w = rng.normal(size=(shape.o, shape.c // shape.groups, *shape.kernel)).astype(dtype)
    y = reference.conv2d(x, w, shape.geometry)
    calls = (
        ("conv2d", x, w, (shape.geometry,)),
        ("conv_transpose2d", y, w, (shape.size, shape.geometry)),
        ("conv2d_weight", x, y, (shape.kernel, shape.geometry)),
    )
    layouts = iter(2 * LAYOUT_NAMES)
    corners = (0, -1) if dtype == np.float32 else (0,)
    for (kernel, *operands, rest), which, corner in product(calls, (0, 1), corners):
        spoiled = [a.copy() for a in operands]
        last = spoiled[which]
        last[corner, corner, corner, corner if which == 0 else last.shape[3] // 2] = value
        spoiled[which] = laid_out(last, next(layouts, "contiguous"))
        expected, actual = not_finite(kernel, tuple(spoiled), rest)
        assert expected.any()
        np.testing.assert_array_equal(actual, expected, err_msg=f"{kernel}, operand {which}, corner {corner}")


def test_large_numbers_do_not_overflow_where_the_direct_product_does_not() -> None:
    rng = np.random.default_rng(0)
    shape = SHAPES["Winograd, one image"]
    x = rng.uniform(1, 2, (shape.n, shape.c, *shape.size)).astype(np.float32)
    w = rng.uniform(1, 2, (shape.o, shape.c, *shape.kernel)).astype(np.float32)
    y = reference.conv2d(x, w, shape.geometry)
    for kernel, a, b, rest in (
        ("conv2d", x, w, (shape.geometry,)),
        ("conv_transpose2d", y / y.max(), w, (shape.size, shape.geometry)),
        ("conv2d_weight", x, y / y.max(), (shape.kernel, shape.geometry)),
    ):
        result = getattr(reference, kernel)(a.astype(np.float64), b.astype(np.float64), *rest)
        # the greatest result is half of the greatest float
        factor = np.sqrt(np.finfo(np.float32).max / result.max() / 2)
        large = [(m * factor).astype(np.float32) for m in (a, b)]
        assert not any(m.any() for m in not_finite(kernel, tuple(large), rest))
