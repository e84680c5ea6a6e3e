"""The moments that a convolution hands on to batch norm, on the CPU."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings

from minigrad.kernels import cpu, cuda, reference
from minigrad.kernels.geometry import Geometry
from minigrad.kernels.moments import merged, moments_of
from tests.minigrad.kernels.moments import assert_merged, assert_moments, far_from_zero, moments_of_faces
from tests.minigrad.kernels.strategies import Convolution, convolutions

MODULES = pytest.mark.parametrize("kernels", [reference, cpu], ids=["reference", "cpu"])


@MODULES
@settings(max_examples=40, deadline=None)
@given(case=convolutions())
def test_moments_are_those_of_the_result_and_merged_by_batch_norm(
    kernels: ModuleType, case: Convolution
) -> None:
    for _, (y, moments) in moments_of_faces(kernels, case):
        if y.size:
            assert_merged(kernels, y, moments)


@MODULES
def test_numbers_far_from_zero_keep_their_variance(kernels: ModuleType) -> None:
    for _, (y, moments) in moments_of_faces(kernels, far_from_zero(1e3)):
        _, var = merged(moments)
        np.testing.assert_allclose(var, y.astype(np.float64).var(axis=(0, 2, 3)), rtol=1e-6)
        _, _, found, _ = kernels.standardize(y, 1e-5, moments=moments)
        np.testing.assert_allclose(found, var, rtol=1e-6)


def test_pieces_of_any_sizes_merge_to_the_whole() -> None:
    y = np.random.default_rng(0).normal(size=(12, 3, 4, 5)) + 100
    parts = [moments_of(part) for part in np.split(y, [0, 1, 1, 7])]
    assert [float(part[0, 0, 0]) for part in parts] == [0, 20, 0, 120, 100]
    together = np.concatenate(parts, axis=1)
    assert_moments(y, together)
    np.testing.assert_allclose(merged(together)[1], y.var(axis=(0, 2, 3)), rtol=1e-12)


def test_without_elements_mean_and_variance_are_zero() -> None:
    moments = moments_of(np.empty((0, 2, 3, 3), np.float32))
    assert moments.shape == (3, 1, 2)
    assert not np.any(merged(moments))


@pytest.mark.parametrize("kernels", [reference, cpu, cuda], ids=["reference", "cpu", "cuda"])
@pytest.mark.parametrize(
    "wrong",
    [np.ones((3, 2, 4)), np.ones((2, 2, 3)), np.ones((3, 0, 3)), np.ones((3, 3)), np.ones((3, 2, 3), "f")],
)
def test_moments_that_do_not_fit_are_refused(kernels: ModuleType, wrong: np.ndarray) -> None:
    x, c = np.ones((2, 3, 4)), np.ones(3)
    message = r": expected float64 moments \(3, pieces, 3\) for x \(2, 3, 4\); got float"
    with pytest.raises(ValueError, match="batch_norm" + message):
        kernels.batch_norm(x, c, c, 1e-5, 0.2, moments=wrong)
    with pytest.raises(ValueError, match="standardize" + message):
        kernels.standardize(x, 1e-5, moments=wrong)


@pytest.mark.parametrize("kernels", [reference, cpu, cuda], ids=["reference", "cpu", "cuda"])
def test_memory_that_does_not_fit_is_refused(kernels: ModuleType) -> None:
    x, w, geometry = np.ones((2, 3, 4, 4)), np.ones((5, 3, 1, 1)), Geometry()
    for name, arguments in (
        ("conv2d_moments", (x, w, geometry)),
        ("conv_transpose2d_moments", (np.ones((2, 5, 4, 4)), w, (4, 4), geometry)),
    ):
        y = np.empty((2, 5 if name == "conv2d_moments" else 3, 4, 4))
        with pytest.raises(
            ValueError, match=f"{name}: expected out= to be a writeable, C-contiguous float64"
        ):
            getattr(kernels, name)(*arguments, out=(y[:1], np.empty((3, 1, y.shape[1]))))
