"""The moments that a convolution hands on to batch norm: the emulated kernels against their own results."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given

from minigrad.kernels.cuda.product import planning
from minigrad.kernels.geometry import Geometry
from minigrad.kernels.moments import merged
from tests.gpu.kernels.numpy_calls import cuda
from tests.gpu.kernels.test_products import CONVOLUTIONS, FEW
from tests.minigrad.kernels.moments import assert_merged, assert_moments, far_from_zero, moments_of_faces
from tests.minigrad.kernels.strategies import Convolution, convolutions

pytestmark = pytest.mark.usefixtures("launched")

SMALL = convolutions().filter(lambda case: case.y.size * case.w[0].size < 30_000)


@FEW
@given(CONVOLUTIONS)
def test_moments_come_with_tiles_and_shares(arithmetic: str, way: None, case: Convolution) -> None:
    moments_of_faces(cuda, case)


@FEW
@given(SMALL)
def test_moments_of_every_size_and_type(case: Convolution) -> None:
    for _, (y, moments) in moments_of_faces(cuda, case):
        if y.size:
            assert_merged(cuda, y, moments)


@pytest.mark.parametrize("mean", [1e3, 1e5])
def test_numbers_far_from_zero_keep_their_variance(arithmetic: str, way: None, mean: float) -> None:
    """By the mean of squares float32 would lose all of it."""
    for _, (y, moments) in moments_of_faces(cuda, far_from_zero(mean)):
        wide = y.astype(np.float64)
        np.testing.assert_allclose(merged(moments)[1], wide.var(axis=(0, 2, 3)), rtol=1e-5)
        _, found_mean, found_var, _ = cuda.standardize(y, 1e-5, moments=moments)
        np.testing.assert_allclose(found_mean, wide.mean(axis=(0, 2, 3)), rtol=1e-7)
        np.testing.assert_allclose(found_var, wide.var(axis=(0, 2, 3)), rtol=1e-5)


@pytest.mark.parametrize("outlier", [0, 63, 199])
def test_an_outlier_costs_no_digits(arithmetic: str, way: None, outlier: int) -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(200, 2, 4, 4)).astype(np.float32), np.ones((3, 2, 1, 1), np.float32)
    x[outlier] += 1e4
    y, moments = cuda.conv2d_moments(x, w, Geometry())
    np.testing.assert_allclose(merged(moments)[1], y.astype(np.float64).var(axis=(0, 2, 3)), rtol=1e-5)


def test_each_phase_has_its_pieces_and_those_without_outputs_none(arithmetic: str) -> None:
    """One row of 150 columns: of three phases down two are empty, across they have 50, and tiles have 64."""
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 3, 1, 50)).astype(np.float32), rng.normal(size=(3, 4, 1, 2)).astype(np.float32)
    y, moments = cuda.conv_transpose2d_moments(x, w, (1, 149), Geometry((3, 3)))
    assert_moments(y, moments)
    counts = moments[0].reshape(3, 3, -1, 4).sum(axis=2)  # down, across, channel
    np.testing.assert_array_equal(counts[0], [[100] * 4, [100] * 4, [98] * 4])
    assert not counts[1:].any()
    assert moments[0].reshape(3, 3, -1, 4)[0, 2].any()  # which no tap meets: zeros, but outputs
    assert not moments[1:].reshape(2, 3, 3, -1, 4)[:, 0, 2].any()


def test_shares_are_added_with_the_moments_of_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel of more elements than a block keeps in registers, of a number that they do not divide."""
    monkeypatch.setattr(planning, "BLOCKS", 10**6)
    monkeypatch.setattr(planning, "LEAST", 8)
    rng = np.random.default_rng(0)
    x, w = (
        rng.normal(size=(2, 2, 34, 37)).astype(np.float32),
        rng.normal(size=(3, 2, 3, 3)).astype(np.float32),
    )
    y, moments = cuda.conv2d_moments(x, w, Geometry(padding=(1, 1)))
    assert moments.shape == (3, 3, 3)
    assert (moments[0].max() - moments[0].min(), moments[0].sum(axis=0).tolist()) == (1, [2 * 34 * 37] * 3)
    assert_moments(y, moments)


def test_results_do_not_depend_on_other_pieces() -> None:
    """A block's moments are its own: the same images give the same pieces beside others."""
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(8, 3, 8, 8)).astype(np.float32), rng.normal(size=(7, 3, 3, 3)).astype(np.float32)
    found = [cuda.conv2d_moments(x[:n], w, Geometry(padding=(1, 1)))[1] for n in (2, 4, 8)]
    for few, more in pairwise(found):
        np.testing.assert_array_equal(more[:, : few.shape[1]], few)
