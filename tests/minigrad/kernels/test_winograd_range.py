"""What Winograd's sums may lose: bounded where images are bright in places, nothing where too bright."""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
import pytest

import minigrad as mg
from minigrad.kernels import cpu, reference
from minigrad.kernels.cpu.conv.winograd import algorithm
from minigrad.kernels.geometry import Geometry
from tests.minigrad.kernels.strategies import Array

pytestmark = pytest.mark.usefixtures("winograd_of_few")

GEOMETRY = Geometry((2, 2), (1, 1))
BOUND = 1e-4  # of the greatest weight of an output times the sum of |x| that it reads
DIRECT = 2e-6


def spotted(rng: np.random.Generator, shape: tuple[int, ...], patch: int, factor: float) -> Array:
    """Normal numbers, a patch of each image ``factor`` times brighter."""
    x = rng.normal(size=shape).astype(np.float32)
    row, column = rng.integers(0, shape[2] - patch, 2)
    x[:, :, row : row + patch, column : column + patch] *= factor
    return x


def errors(x: Array, w: Array, kernel: str, *rest: object) -> Array:
    """Of each output, over its greatest |w| times the sum of |x| that it reads."""
    wide = [a.astype(np.float64) for a in (x, w)]
    exact = getattr(reference, kernel)(*wide, *rest)
    read = getattr(reference, kernel)(np.abs(wide[0]), np.ones_like(wide[1]), *rest)
    greatest = np.abs(wide[1]).max((1, 2, 3) if kernel == "conv2d" else (0, 2, 3))
    error: Array = np.abs(getattr(cpu, kernel)(x, w, *rest) - exact) / (greatest[:, None, None] * read)
    return error


@pytest.mark.parametrize("factor", [1, 30, 300, 1e3, 1e5])
@pytest.mark.parametrize("size", [14, 26])
def test_bright_patches_cost_other_outputs_few_digits(factor: float, size: int) -> None:
    """x[:, :, :4, :4] *= 1e3 once cost outputs that never read it three digits, 1e5 all of them."""
    rng = np.random.default_rng(0)
    w = rng.normal(size=(48, 48, 4, 4)).astype(np.float32)
    allowed = DIRECT if factor >= 1e3 else BOUND
    for patch in (1, 4):
        x = spotted(rng, (3, 48, size, size), patch, factor)
        assert errors(x, w, "conv2d", GEOMETRY).max() < allowed
        g = spotted(rng, (3, 48, size // 2, size // 2), patch, factor)
        assert errors(g, w, "conv_transpose2d", (size, size), GEOMETRY).max() < allowed


@pytest.mark.parametrize("channel", [0, 3, 47])
def test_a_bright_pixel_of_one_channel_is_noticed(channel: int) -> None:
    """Most channels are not looked at pixel by pixel, unless what others show is not enough."""
    rng = np.random.default_rng(0)
    w = rng.normal(size=(48, 48, 4, 4)).astype(np.float32)
    dark = rng.normal(size=(33, 48, 14, 14)).astype(np.float32)
    x = dark.copy()
    x[:, channel, 5, 6] = 1e6
    others = cpu.conv2d(dark, w, GEOMETRY)[:, :, :2]  # these read rows below 5
    np.testing.assert_allclose(cpu.conv2d(x, w, GEOMETRY)[:, :, :2], others, atol=2e-3)


def test_channels_of_zeros_leave_an_image_to_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """The few that are looked at first show nothing then; all together do."""
    rng = np.random.default_rng(0)
    x, w = (rng.normal(size=shape).astype(np.float32) for shape in ((5, 48, 14, 14), (48, 48, 4, 4)))
    x[:, ::8] = 0
    quick = cpu.conv2d(x, w, GEOMETRY)
    monkeypatch.setattr(algorithm, "enabled", False)
    direct = cpu.conv2d(x, w, GEOMETRY)
    np.testing.assert_allclose(quick, direct, atol=1e-3)
    assert not np.array_equal(quick, direct)


@pytest.mark.parametrize("factor", [1, 1e3, 1e5])
def test_a_weight_gradient_errs_by_its_greatest_products(factor: float) -> None:
    """Where x and g are bright in different places; a bright patch of x alone costs nothing."""
    rng = np.random.default_rng(0)
    x, g = spotted(rng, (16, 64, 14, 14), 3, factor), spotted(rng, (16, 48, 7, 7), 1, factor)
    wide = x.astype(np.float64), g.astype(np.float64)
    exact = reference.conv2d_weight(*wide, (4, 4), GEOMETRY)
    tops = (np.abs(a).max((0, 2, 3)) for a in wide)
    greatest = np.multiply.outer(*tops).T[:, :, None, None] * 16
    error = np.abs(cpu.conv2d_weight(x, g, (4, 4), GEOMETRY) - exact)
    assert (error / greatest).max() < 1e-5
    g = rng.normal(size=g.shape).astype(np.float32)
    exact = reference.conv2d_weight(wide[0], g.astype(np.float64), (4, 4), GEOMETRY)
    read = reference.conv2d_weight(np.abs(wide[0]), np.abs(g).astype(np.float64), (4, 4), GEOMETRY)
    assert (np.abs(cpu.conv2d_weight(x, g, (4, 4), GEOMETRY) - exact) / read).max() < 1e-5


def bright_among_others(rng: np.random.Generator) -> tuple[Array, Array]:
    x, w = (rng.normal(size=shape).astype(np.float32) for shape in ((40, 48, 14, 14), (48, 48, 4, 4)))
    x[7, 3, 5, 6], x[33, 0, 0, 0], x[34, 2, 13, 13] = np.inf, 1e6, np.nan
    return x, w


def test_images_left_to_the_direct_product_change_no_others() -> None:
    x, w = bright_among_others(np.random.default_rng(0))
    y, others = cpu.conv2d(x, w, GEOMETRY), np.delete(np.arange(40), [7, 33, 34])
    x[[7, 33, 34]] = 1
    np.testing.assert_array_equal(y[others], cpu.conv2d(x, w, GEOMETRY)[others])


@pytest.mark.parametrize("bias", [False, True])
def test_images_left_to_the_direct_product_do_not_depend_on_threads(bias: bool) -> None:
    x, w = bright_among_others(np.random.default_rng(0))
    b = np.arange(48, dtype=np.float32)

    def run() -> Array:
        if bias:
            return cpu.conv2d_bias_leaky_relu(x, w, b, GEOMETRY, 0.2)
        return cpu.conv2d(x, w, GEOMETRY)

    before, found = numba.get_num_threads(), []
    for threads in range(1, before + 1):
        numba.set_num_threads(threads)
        found.append(run())
    numba.set_num_threads(before)
    for y in found:
        np.testing.assert_array_equal(y, found[0])
    composed = cpu.bias_leaky_relu(cpu.conv2d(x, w, GEOMETRY), b, 0.2) if bias else found[0]
    np.testing.assert_array_equal(found[0], composed)


def test_replays_choose_anew() -> None:
    x, w = bright_among_others(np.random.default_rng(0))
    weights = mg.Tensor(w)
    step: Callable[[mg.Tensor], mg.Tensor] = mg.capture(
        lambda x: mg.ops.conv2d(x, weights, stride=2, padding=1)
    )
    even = np.ones_like(x)
    for _ in range(3):
        step(mg.Tensor(even))
    for a in (x, even):
        np.testing.assert_array_equal(step(mg.Tensor(a)).numpy(), cpu.conv2d(a, w, GEOMETRY))


def test_what_reads_nothing_is_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last row and column of an odd image, which no place reads, had a gradient of rounding errors."""
    rng = np.random.default_rng(0)
    g, w = (rng.normal(size=shape).astype(np.float32) for shape in ((3, 48, 6, 7), (48, 48, 4, 4)))
    geometry = Geometry((2, 2))
    quick = cpu.conv_transpose2d(g, w, (19, 19), geometry)
    assert not quick[:, :, 14:].any()
    assert not quick[:, :, :, 16:].any()
    monkeypatch.setattr(algorithm, "enabled", False)
    direct = cpu.conv_transpose2d(g, w, (19, 19), geometry)
    np.testing.assert_allclose(quick, direct, atol=1e-3)
    assert not np.array_equal(quick, direct)
