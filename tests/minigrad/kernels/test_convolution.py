"""The convolution: reference against loops, cpu against reference, and both against the adjoint identity."""

from __future__ import annotations

import math
import runpy
from itertools import product
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings

from minigrad.kernels import cpu, reference
from minigrad.kernels.cpu.conv import dots
from minigrad.kernels.cpu.conv.images import images_of
from minigrad.kernels.cpu.conv.tables import SizedGeometry, lines_by_place, lines_by_source
from minigrad.kernels.cpu.conv.winograd import algorithm, forward, gradient
from minigrad.kernels.cpu.runtime.compiling import contiguous
from minigrad.kernels.geometry import Geometry
from tests.minigrad.kernels.strategies import Array, Convolution, assert_close, convolutions

MODULES = pytest.mark.parametrize("kernels", [reference, cpu], ids=["reference", "cpu"])


def trilinear_loops(case: Convolution) -> tuple[Array, Array, Array]:
    """y, gx and gw element by element from the definition of the trilinear form, in float64."""
    x, w, g = (np.asarray(a, np.float64) for a in (case.x, case.w, case.y))
    y, gx, gw = np.zeros(g.shape), np.zeros(x.shape), np.zeros(w.shape)
    stride, padding, dilation, groups = case.geometry
    per_group_in, per_group_out = w.shape[1], w.shape[0] // groups
    for n, o, p, q in np.ndindex(*g.shape):
        for c, i, j in np.ndindex(*w.shape[1:]):
            channel = o // per_group_out * per_group_in + c
            row = p * stride[0] + i * dilation[0] - padding[0]
            column = q * stride[1] + j * dilation[1] - padding[1]
            if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                y[n, o, p, q] += w[o, c, i, j] * x[n, channel, row, column]
                gx[n, channel, row, column] += w[o, c, i, j] * g[n, o, p, q]
                gw[o, c, i, j] += g[n, o, p, q] * x[n, channel, row, column]
    return y, gx, gw


def sizes(a: Array) -> tuple[int, int]:
    return a.shape[2], a.shape[3]


@settings(max_examples=30, deadline=None)
@given(convolutions(dtypes=(np.float64,)).filter(lambda case: case.y.size * case.w[0].size < 4000))
def test_reference_equals_loops(case: Convolution) -> None:
    y, gx, gw = trilinear_loops(case)
    whole = reference.conv2d(case.x, case.w, case.geometry)
    assert_close(np.ascontiguousarray(whole[:, :, : y.shape[2], : y.shape[3]]), y, case.w[0].size)
    assert_close(reference.conv_transpose2d(case.y, case.w, sizes(case.x), case.geometry), gx, case.w.size)
    assert_close(reference.conv2d_weight(case.x, case.y, sizes(case.w), case.geometry), gw, case.y.size)


@settings(max_examples=200, deadline=None)
@given(convolutions())
def test_cpu_conv2d_equals_reference(case: Convolution) -> None:
    expected = reference.conv2d(case.x, case.w, case.geometry)
    assert_close(cpu.conv2d(case.x, case.w, case.geometry), expected, case.w[0].size)


@settings(max_examples=100, deadline=None)
@given(convolutions().filter(lambda case: case.geometry.groups == 1 and len(case.x) > 0))
def test_dot_products_along_either_side_equal_reference(case: Convolution) -> None:
    """Whichever side has few channels, on images of any size that fills a vector."""
    expected = reference.conv2d_weight(case.x, case.y, sizes(case.w), case.geometry)
    geometry = SizedGeometry(*map(sizes, (case.x, case.y, case.w)), *case.geometry[:3])
    (x,), (y,) = (images_of(contiguous(a), 1) for a in (case.x, case.y))
    for many, few, lines, swapped in (
        (y, x, lines_by_place(geometry), False),
        (x, y, lines_by_source(geometry), True),
    ):
        if dots.work(many, few, lines.starts.size, lines.pixels.size) < math.inf:
            gw = np.empty_like(expected)
            dots.fill(many, few, lines, 1, gw, lambda: pytest.fail("not finite"), swapped=swapped)
            assert_close(gw, expected, case.y.size)


@settings(max_examples=200, deadline=None)
@given(convolutions())
def test_cpu_conv_transpose2d_equals_reference(case: Convolution) -> None:
    expected = reference.conv_transpose2d(case.y, case.w, sizes(case.x), case.geometry)
    actual = cpu.conv_transpose2d(case.y, case.w, sizes(case.x), case.geometry)
    assert_close(actual, expected, case.w[:, 0].size)


@settings(max_examples=200, deadline=None)
@given(convolutions())
def test_cpu_conv2d_weight_equals_reference(case: Convolution) -> None:
    expected = reference.conv2d_weight(case.x, case.y, sizes(case.w), case.geometry)
    actual = cpu.conv2d_weight(case.x, case.y, sizes(case.w), case.geometry)
    assert_close(actual, expected, max(1, case.y[:, 0].size))


@MODULES
@settings(max_examples=50, deadline=None)
@given(case=convolutions(dtypes=(np.float64,)))
def test_faces_are_adjoint(kernels: ModuleType, case: Convolution) -> None:
    """<conv2d(x, w), y> = <x, conv_transpose2d(y, w)> = <w, conv2d_weight(x, y)>."""
    forward = kernels.conv2d(case.x, case.w, case.geometry)[:, :, : case.y.shape[2], : case.y.shape[3]]
    by_x = kernels.conv_transpose2d(case.y, case.w, sizes(case.x), case.geometry)
    by_w = kernels.conv2d_weight(case.x, case.y, sizes(case.w), case.geometry)
    form = np.vdot(forward, case.y)
    scale = 1e-12 * (1 + np.abs(case.y).sum() * case.w[0].size)
    assert np.vdot(case.x, by_x) == pytest.approx(form, abs=scale)
    assert np.vdot(case.w, by_w) == pytest.approx(form, abs=scale)


@MODULES
@pytest.mark.parametrize(
    ("stride", "padding", "dilation", "groups"),
    [
        ((1, 1), (0, 0), (1, 1), 1),
        ((2, 2), (1, 1), (1, 1), 1),
        ((3, 2), (0, 2), (2, 1), 2),
        ((1, 2), (3, 1), (1, 3), 6),
    ],
)
def test_faces_equal_torch(
    kernels: ModuleType,
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    groups: int,
) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(3, 6, 12, 11)), rng.normal(size=(12, 6 // groups, 4, 3))
    geometry = Geometry(stride, padding, dilation, groups)
    x_torch, w_torch = (torch.tensor(a, requires_grad=True) for a in (x, w))
    y_torch = torch.nn.functional.conv2d(x_torch, w_torch, None, *geometry)
    g = rng.normal(size=y_torch.shape)
    gx, gw = torch.autograd.grad(y_torch, (x_torch, w_torch), torch.tensor(g))
    assert_close(kernels.conv2d(x, w, geometry), y_torch.detach().numpy(), 100)
    assert_close(kernels.conv_transpose2d(g, w, sizes(x), geometry), gx.numpy(), 100)
    assert_close(kernels.conv2d_weight(x, g, sizes(w), geometry), gw.numpy(), 1000)


@pytest.mark.parametrize("images", [1, 64])
def test_dcgan_layers_equal_reference(images: int) -> None:
    """The shapes that matter, at full size: several tiles, several workers, several chunks of images."""
    rng = np.random.default_rng(0)
    for c, o, kernel, size, stride in ((64, 128, 4, 14, 2), (1, 64, 4, 28, 2), (64, 1, 3, 28, 1)):
        x = rng.normal(size=(images, c, size, size)).astype(np.float32)
        w = rng.normal(size=(o, c, kernel, kernel)).astype(np.float32)
        geometry = Geometry((stride, stride), padding=(1, 1))
        y = reference.conv2d(x, w, geometry)
        assert_close(cpu.conv2d(x, w, geometry), y, w[0].size)
        expected = reference.conv_transpose2d(y, w, sizes(x), geometry)
        assert_close(cpu.conv_transpose2d(y, w, sizes(x), geometry), expected, y[0].size)
        expected = reference.conv2d_weight(x, y, sizes(w), geometry)
        assert_close(cpu.conv2d_weight(x, y, sizes(w), geometry), expected, y.size)


@MODULES
def test_shapes_that_do_not_fit_are_refused(kernels: ModuleType) -> None:
    x, w, grouped = np.zeros((2, 4, 5, 5)), np.zeros((6, 2, 3, 3)), Geometry(groups=2)
    with pytest.raises(ValueError, match="conv2d: batch, channels and groups do not agree"):
        kernels.conv2d(x, w, Geometry())
    with pytest.raises(ValueError, match="conv2d: expected images"):
        kernels.conv2d(x[0], w, grouped)
    with pytest.raises(ValueError, match="stride=\\(0, 1\\)"):
        kernels.conv2d(x, w, Geometry(stride=(0, 1), groups=2))
    with pytest.raises(
        ValueError, match="along the height a kernel of 3 elements takes at most 3 places in 5"
    ):
        kernels.conv2d_weight(x, np.zeros((2, 6, 4, 3)), (3, 3), grouped)
    with pytest.raises(ValueError, match="along the width"):
        kernels.conv_transpose2d(np.zeros((2, 6, 3, 4)), w, (5, 5), grouped)


@MODULES
def test_kernel_larger_than_the_image_gives_no_places(kernels: ModuleType) -> None:
    y = kernels.conv2d(np.ones((2, 1, 2, 9)), np.ones((3, 1, 4, 4)), Geometry())
    assert y.shape == (2, 3, 0, 6)


def test_stale_scratch_memory_does_not_show() -> None:
    """Whatever an earlier call left in the workspace, NaN included, stays out of later results."""
    shape, geometry = (3, 5, 6, 7), Geometry((2, 1), (1, 2))
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=shape).astype(np.float32), rng.normal(size=(4, 5, 3, 3)).astype(np.float32)
    y = reference.conv2d(x, w, geometry)
    poison = np.full((9, 40, 9, 9), np.nan, np.float32)
    for _, kernel in product(range(2), ("conv2d", "conv_transpose2d", "conv2d_weight")):
        cpu.conv2d(poison, np.full((40, 40, 3, 3), np.nan, np.float32), geometry)
        cpu.conv2d_weight(poison, poison, (1, 1), Geometry())
        arguments = {"conv2d": (x, w), "conv_transpose2d": (y, w, shape[2:]), "conv2d_weight": (x, y, (3, 3))}
        actual = getattr(cpu, kernel)(*arguments[kernel], geometry)
        assert_close(actual, getattr(reference, kernel)(*arguments[kernel], geometry), 100)


@pytest.mark.usefixtures("winograd_of_few")
@pytest.mark.parametrize(
    ("c", "o", "size", "padding", "images"),
    [
        (64, 128, (14, 14), (1, 1), 64),
        (49, 54, (15, 22), (2, 0), 26),
        (48, 50, (15, 29), (0, 3), 33 + 31),
        (64, 128, (14, 14), (1, 1), 16),  # a block for all threads, of one vector
        (70, 230, (14, 15), (1, 2), 9),  # whose weights are made some panels at a time
    ],
)
def test_winograd_is_close_and_can_be_switched_off(
    c: int,
    o: int,
    size: tuple[int, int],
    padding: tuple[int, int],
    images: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fewer multiplications err by less than 1e-5 of the largest value; without them the digits differ."""
    rng = np.random.default_rng(0)
    geometry = Geometry((2, 2), padding)
    x = rng.normal(size=(images, c, *size)).astype(np.float32)
    w = rng.normal(size=(o, c, 4, 4)).astype(np.float32)
    y = reference.conv2d(x.astype(np.float64), w.astype(np.float64), geometry)
    g = rng.normal(size=y.shape).astype(np.float32)
    gx = reference.conv_transpose2d(g.astype(np.float64), w.astype(np.float64), size, geometry)
    gw = reference.conv2d_weight(x.astype(np.float64), g.astype(np.float64), (4, 4), geometry)
    calls = (
        (y, 2e-6, lambda: cpu.conv2d(x, w, geometry)),
        (gx, 2e-6, lambda: cpu.conv_transpose2d(g, w, size, geometry)),
        (gw, 4e-6, lambda: cpu.conv2d_weight(x, g, (4, 4), geometry)),  # of thousands of terms
    )
    for expected, error, call in calls:
        monkeypatch.setattr(algorithm, "enabled", True)
        quick = call()
        monkeypatch.setattr(algorithm, "enabled", False)
        direct = call()
        scale = np.abs(expected).max()
        assert np.abs(quick - expected).max() < 1e-5 * scale
        assert np.abs(direct - expected).max() < error * scale
        assert not np.array_equal(quick, direct)


@pytest.mark.parametrize(("setting", "enabled"), [(None, True), ("1", True), ("0", False)])
def test_the_environment_switches_winograd_off(
    setting: str | None, enabled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MINIGRAD_WINOGRAD", raising=False)
    if setting is not None:
        monkeypatch.setenv("MINIGRAD_WINOGRAD", setting)
    fresh = runpy.run_path(str(algorithm.__file__))
    assert fresh["enabled"] is enabled


@pytest.mark.parametrize(("images", "quicker"), [(1, False), (64, True)])
def test_winograd_is_for_many_images(images: int, quicker: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of few, the transformed weights cost more than the products that they save."""
    taken = []
    for module, name in ((forward, "convolve"), (gradient, "sum_weights")):
        function = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *a, f=function, n=name: taken.append(n) or f(*a))
    x, w = np.ones((images, 64, 28, 28), np.float32), np.ones((128, 64, 4, 4), np.float32)
    geometry = Geometry((2, 2), (1, 1))
    y = cpu.conv2d(x, w, geometry)
    cpu.conv_transpose2d(y, w, (28, 28), geometry)
    cpu.conv2d_weight(x, y, (4, 4), geometry)
    assert taken == ["convolve", "convolve", "sum_weights"] * quicker
