"""The three faces of the convolution: the emulated kernels against the reference and each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.kernels import reference
from minigrad.kernels.geometry import Geometry
from tests.gpu.kernels.numpy_calls import cuda
from tests.gpu.kernels.strategies import SOME, assert_faces
from tests.minigrad.kernels.strategies import Convolution, assert_close, convolutions
from tests.minigrad.kernels.test_convolution import sizes

pytestmark = pytest.mark.usefixtures("launched")

SMALL = convolutions().filter(lambda case: case.y.size * case.w[0].size < 300_000)


@SOME
@given(SMALL)
def test_faces_equal_reference(case: Convolution) -> None:
    assert_faces(case)


@pytest.mark.parametrize(
    ("c", "o", "kernel", "size", "stride"), [(5, 70, 4, 8, 2), (1, 3, 3, 28, 1), (66, 1, 4, 6, 2)]
)
def test_several_tiles_and_shares_equal_reference(
    c: int, o: int, kernel: int, size: int, stride: int
) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(9, c, size, size)).astype(np.float32)
    w = rng.normal(size=(o, c, kernel, kernel)).astype(np.float32)
    geometry = Geometry((stride, stride), padding=(1, 1))
    y = reference.conv2d(x, w, geometry)
    assert_close(cuda.conv2d(x, w, geometry), y, w[0].size)
    expected = reference.conv_transpose2d(y, w, sizes(x), geometry)
    assert_close(cuda.conv_transpose2d(y, w, sizes(x), geometry), expected, y[0].size)
    expected = reference.conv2d_weight(x, y, sizes(w), geometry)
    scale = np.float32(np.abs(y).max())
    assert_close(cuda.conv2d_weight(x, y / scale, sizes(w), geometry), expected / scale, y[:, 0].size)


@st.composite
def one_channel(draw: st.DrawFn) -> Convolution:
    """A convolution of images with one channel, or onto one."""
    case = draw(convolutions().filter(lambda case: case.geometry.groups == 1))
    if draw(st.booleans()):
        return case._replace(x=case.x[:, :1], w=case.w[:, :1])
    return case._replace(y=case.y[:, :1], w=case.w[:1])


@SOME
@given(one_channel())
def test_one_channel_equals_reference(case: Convolution) -> None:
    assert_faces(case)


@pytest.mark.parametrize(("c", "o"), [(1, 37), (37, 1)])
def test_one_channel_with_many_on_the_other_side_equals_reference(c: int, o: int) -> None:
    """Several blocks of places and of channels, the last ones not full."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, c, 22, 22)).astype(np.float32)
    w = rng.normal(size=(o, c, 4, 3)).astype(np.float32)
    y = rng.normal(size=(5, o, 11, 22)).astype(np.float32)
    assert_faces(Convolution(x, w, y, Geometry((2, 1), (1, 1))))


def test_phases_without_outputs_equal_reference() -> None:
    """Along an axis of one element two of three phases are empty."""
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 3, 1, 1)), rng.normal(size=(3, 2, 1, 4))
    arguments = (x, w, (1, 2), Geometry((3, 3), (0, 1)))
    assert_close(cuda.conv_transpose2d(*arguments), reference.conv_transpose2d(*arguments), 12)


def test_a_weight_gradient_has_the_same_bits_each_time() -> None:
    rng = np.random.default_rng(0)
    x, g = (rng.normal(size=(20, 3, 16, 16)).astype(np.float32) for _ in range(2))
    arguments = (x, g, (3, 3), Geometry(padding=(1, 1)))
    assert cuda.conv2d_weight(*arguments).tobytes() == cuda.conv2d_weight(*arguments).tobytes()


def test_a_sum_beyond_32_bits_is_refused() -> None:
    x, w = np.zeros((1, 1, 1, 1), np.float32), np.zeros((1, 1, 1, 1), np.float32)
    huge = np.lib.stride_tricks.as_strided(x, (1, 2**29, 2, 2), (0, 0, 0, 0))
    with pytest.raises(OverflowError):
        cuda.conv2d_weight(huge, w, (2, 2), Geometry(), out=None)
