"""Batch norm in evaluation as a scale and a bias: alone and behind a transposed convolution."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn, ops
from minigrad.kernels import cpu, reference
from minigrad.kernels.geometry import Geometry
from tests.minigrad.kernels.strategies import Array, Convolution, assert_close, convolutions

KERNELS = pytest.mark.parametrize("kernels", [cpu, reference], ids=["cpu", "reference"])


def of(case: Convolution) -> tuple[Array, Array]:
    """A scale and a bias of the channels of x."""
    rng, shape = np.random.default_rng(0), case.x.shape[1]
    return rng.normal(size=shape).astype(case.w.dtype), rng.normal(size=shape).astype(case.w.dtype)


@KERNELS
@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 4), (300, 40), (2, 3, 300, 300), (0, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_scaled_numbers_are_rounded_as_if_they_were_stored(
    kernels: ModuleType, shape: tuple[int, ...], dtype: type
) -> None:
    rng = np.random.default_rng(0)
    x, s, b = (rng.normal(size=size).astype(dtype) for size in (shape, shape[1], shape[1]))
    scaled = x * s.reshape(1, -1, *[1] * (x.ndim - 2))
    for slope in (1.0, 0.2, 0.0):
        expected = kernels.bias_leaky_relu(scaled, b, slope)
        assert kernels.scale_bias_leaky_relu(x, s, b, slope).tobytes() == expected.tobytes()
        out = x.copy()
        assert kernels.scale_bias_leaky_relu(out, s, b, slope, out=out) is out
        assert out.tobytes() == expected.tobytes()


@settings(max_examples=150, deadline=None)
@given(convolutions(), st.sampled_from([1.0, 0.25, 0.0]))
def test_a_transposed_convolution_scales_its_outputs_with_the_same_bits(
    case: Convolution, slope: float
) -> None:
    (s, b), size = of(case), (case.x.shape[2], case.x.shape[3])
    plain = cpu.conv_transpose2d(case.y, case.w, size, case.geometry)
    expected = cpu.scale_bias_leaky_relu(plain, s, b, slope)
    arguments = case.y, case.w, s, b, size, case.geometry, slope
    made = cpu.conv_transpose2d_scale_bias_leaky_relu(*arguments)
    assert made.tobytes() == expected.tobytes()
    assert_close(made, reference.conv_transpose2d_scale_bias_leaky_relu(*arguments), case.w[:, 0].size)


@pytest.mark.parametrize("n", [1, 16, 64])
@pytest.mark.parametrize("size", [(8, 7), (64, 4), (32, 14)])
def test_winograd_and_few_images_scale_with_the_same_bits(n: int, size: tuple[int, int]) -> None:
    """An image that Winograd's algorithm leaves to the direct product, too."""
    (c, h), o = size, 24
    rng = np.random.default_rng(0)
    y, w, s, b = (rng.normal(size=shape).astype(np.float32) for shape in ((n, c, h, h), (c, o, 4, 4), o, o))
    y[-1, 0, 0, 0] = 1e20
    geometry, full = Geometry((2, 2), (1, 1)), (2 * h, 2 * h)
    expected = cpu.scale_bias_leaky_relu(cpu.conv_transpose2d(y, w, full, geometry), s, b, 0.2)
    made = cpu.conv_transpose2d_scale_bias_leaky_relu(y, w, s, b, full, geometry, 0.2)
    assert made.tobytes() == expected.tobytes()


@KERNELS
def test_a_scale_or_bias_of_another_size_is_refused(kernels: ModuleType) -> None:
    x, w = np.zeros((1, 2, 2, 2)), np.zeros((2, 3, 1, 1))
    with pytest.raises(ValueError, match=r"broadcast|scale"):
        kernels.scale_bias_leaky_relu(x, np.zeros(3), np.zeros(3), 0.2)
    with pytest.raises(ValueError, match=r"broadcast|scale"):
        kernels.conv_transpose2d_scale_bias_leaky_relu(
            x, w, np.zeros(2), np.zeros(2), (2, 2), Geometry(), 0.2
        )


def functions(step: mg.captures.Captured) -> list[str]:  # type: ignore[type-arg]
    program = step._recordings[0].program
    assert program is not None
    return [line.function.__name__ for line in program.lines]  # type: ignore[union-attr]


@pytest.mark.parametrize("n", [1, 32])
def test_a_replay_scales_and_biases_while_it_convolves(n: int) -> None:
    mg.manual_seed(0)
    rng = np.random.default_rng(0)
    layers = nn.ConvTranspose2d(4, 6, 4, 2, 1), nn.BatchNorm2d(6), nn.LeakyReLU(0.2), nn.BatchNorm2d(6)
    network = nn.Sequential(*layers, nn.ReLU())
    network(mg.tensor(rng.normal(size=(8, 4, 5, 5)), np.float32))  # moves the statistics
    network.eval()
    step = mg.capture(lambda x: network(x))
    with mg.no_grad():
        for _ in range(3):
            x = mg.tensor(rng.normal(size=(n, 4, 5, 5)), np.float32)
            assert step(x).numpy().tobytes() == network(x).numpy().tobytes()
    found = functions(step)
    assert found.count("conv_transpose2d_scale_bias_leaky_relu") == 1
    assert found.count("scale_bias_leaky_relu") == 1
    assert "bias_leaky_relu" not in found


def test_what_scales_no_channels_is_multiplied() -> None:
    rng = np.random.default_rng(0)
    b = mg.tensor([1.0, 2.0])
    for shape in ((3, 2, 4), (3, 1, 4), (1, 2, 4), (2, 4)):
        scale = mg.tensor(rng.normal(size=shape), np.float32)
        step = mg.capture(lambda x, scale=scale: ops.bias_leaky_relu(x * scale, b, slope=0.5))
        for _ in range(3):
            x = mg.tensor(rng.normal(size=(3, 2, 4)), np.float32)
            expected = ops.bias_leaky_relu(x * scale, b, slope=0.5)

            assert step(x).numpy().tobytes() == expected.numpy().tobytes()


def test_a_scaled_convolution_that_is_used_elsewhere_is_made_by_itself() -> None:
    rng = np.random.default_rng(0)
    x, w, s, b = (
        mg.tensor(rng.normal(size=shape), np.float32)
        for shape in ((1, 3, 4, 4), (3, 2, 3, 3), (1, 2, 1, 1), (2,))
    )

    @mg.capture
    def step(x: mg.Tensor) -> list[mg.Tensor]:
        y = ops.conv_transpose2d(x, w)
        return [y, ops.bias_leaky_relu(y * s, b, slope=0.2)]

    for _ in range(3):
        y, z = step(x)
    assert (y.numpy() == ops.conv_transpose2d(x, w).numpy()).all()
    assert (z.numpy() == ops.bias_leaky_relu(y * s, b, slope=0.2).numpy()).all()
    assert functions(step) == ["conv_transpose2d", "scale_bias_leaky_relu"]
