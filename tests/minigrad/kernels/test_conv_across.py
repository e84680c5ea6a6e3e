"""The transposed convolution with weights in the lanes: every shape, with all threads and with one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.kernels import reference
from minigrad.kernels.cpu.bias import NO_EPILOGUE, Epilogue, epilogue_of
from minigrad.kernels.cpu.conv import across
from minigrad.kernels.cpu.conv.images import images_of
from minigrad.kernels.cpu.conv.tables import SizedGeometry
from minigrad.kernels.cpu.runtime import compiling
from minigrad.kernels.cpu.runtime.compiling import contiguous
from tests.minigrad.kernels.strategies import Array, Convolution, assert_close, convolutions


def fill(case: Convolution, epilogue: Epilogue) -> Array:
    """The adjoint of conv2d, from ``y`` to the size of ``x``, through ``across`` alone."""
    x, w, y = (contiguous(a) for a in case[:3])
    sizes = [(a.shape[2], a.shape[3]) for a in (x, y, w)]
    geometry, groups = SizedGeometry(*sizes, *case.geometry[:3]), case.geometry.groups
    weights, made = w.reshape(groups, -1, w.shape[1], geometry.taps).swapaxes(1, 2), np.full_like(x, np.nan)
    source, result = images_of(y, groups), images_of(made, groups)
    for group in range(groups):
        across.fill(source[group], weights[group], result[group], geometry, epilogue)
    return made


def undilated(case: Convolution) -> bool:
    return len(case.x) > 0 and case.geometry.dilation == (1, 1)


@settings(max_examples=200, deadline=None)
@given(convolutions().filter(undilated), st.sampled_from([0, 1 << 40]), st.sampled_from([1.0, 0.25, 0.0]))
def test_across_equals_reference(case: Convolution, small: int, slope: float) -> None:
    """A bias and leaky ReLU come with it."""
    bias = np.random.default_rng(0).normal(size=case.x.shape[1]).astype(case.w.dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiling, "SMALL", small)
        made = fill(case, epilogue_of(bias, slope))
    size = case.x.shape[2], case.x.shape[3]
    expected = reference.conv_transpose2d(case.y, case.w, size, case.geometry)
    expected = reference.bias_leaky_relu(expected, bias, slope)
    assert_close(made, expected, case.w[:, 0].size)


@pytest.mark.parametrize("places", [(1, 1), (1, 3), (2, 2), (3, 3), (3, 4), (1, 13), (4, 4), (5, 6), (7, 7)])
@pytest.mark.parametrize("channels", [1, 300])
def test_each_number_of_places_and_of_channels_adds_each_term_once(
    places: tuple[int, int], channels: int
) -> None:
    """Tiles of places may overlap, and long sums are cut: of ones, a sum counts its terms."""
    y, w = np.ones((2, channels, *places), np.float32), np.ones((channels, 3, 4, 4), np.float32)
    x = np.zeros((2, 3, 2 * places[0], 2 * places[1]), np.float32)
    geometry = mg.kernels.geometry.Geometry((2, 2), (1, 1), (1, 1), 1)
    made = fill(Convolution(x, w, y, geometry), NO_EPILOGUE[y.dtype])
    assert (made == reference.conv_transpose2d(y, w, x.shape[2:], geometry)).all()


def test_a_replay_makes_the_compiled_call_alone() -> None:
    rng = np.random.default_rng(0)
    x, w = (mg.tensor(rng.normal(size=shape), np.float32) for shape in ((1, 64, 7, 7), (64, 32, 4, 4)))
    step = mg.capture(lambda x: mg.ops.conv_transpose2d(x, w, stride=2, padding=1))
    for _ in range(3):
        made = step(x)
        assert (made.numpy() == mg.ops.conv_transpose2d(x, w, stride=2, padding=1).numpy()).all()
    (call,) = step._recordings[0].program._calls  # type: ignore[union-attr]
    assert "_fill" in repr(call)
    w.data[...] *= 2
    assert (step(x).numpy() == 2 * made.numpy()).all()
