"""The moments that a convolution hands on, on any device's kernels."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from minigrad.kernels import reference
from minigrad.kernels.geometry import Geometry
from minigrad.kernels.moments import merged
from tests.minigrad.kernels.strategies import Array, Convolution


def assert_moments(y: Array, moments: Array) -> None:
    """These are y's, in pieces of which those without elements are zero; float32 sums of a piece will do."""
    assert moments.dtype == np.float64
    assert moments.shape[0] == 3
    assert moments.shape[2:] == y.shape[1:2]
    counts, _, squares = moments
    assert np.isfinite(moments).all()
    assert (squares >= 0).all()
    assert not moments[:, counts == 0].any()
    np.testing.assert_array_equal(counts.sum(axis=0), np.full(y.shape[1], y.size // max(y.shape[1], 1)))
    if y.size == 0:
        return
    wide = y.astype(np.float64)
    mean, var, scale = wide.mean(axis=(0, 2, 3)), wide.var(axis=(0, 2, 3)), np.abs(wide).max()
    found_mean, found_var = merged(moments)
    deviation = np.sqrt(var.max()) + 1e-7 * scale
    np.testing.assert_allclose(found_mean, mean, rtol=0, atol=1e-6 * deviation)
    np.testing.assert_allclose(found_var, var, rtol=1e-5, atol=1e-16 * scale**2)


def moments_of_faces(kernels: Any, case: Convolution) -> list[tuple[str, tuple[Array, Array]]]:
    """What the kernels with moments give; each also in memory full of NaN, with the same bits, and with the
    result of the kernel without.
    """
    found = []
    for name, arguments in (
        ("conv2d", (case.x, case.w, case.geometry)),
        ("conv_transpose2d", (case.y, case.w, case.x.shape[2:], case.geometry)),
    ):
        kernel = getattr(kernels, f"{name}_moments")
        y, moments = kernel(*arguments)
        out = tuple(np.full_like(a, np.nan, order="C") for a in (y, moments))
        again = kernel(*arguments, out=out)
        assert all(a is o for a, o in zip(again, out, strict=True))
        assert [a.tobytes() for a in out] == [y.tobytes(), moments.tobytes()]
        assert y.tobytes() == getattr(kernels, name)(*arguments).tobytes()
        assert_moments(y, moments)
        found.append((name, (y, moments)))
    return found


def assert_merged(kernels: ModuleType | Any, y: Array, moments: Array) -> None:
    """Batch norm by the moments is the reference's, on an array that has other ones itself."""
    channels = np.arange(1, y.shape[1] + 1).astype(y.dtype)
    x = y[::-1] * 2 + y.dtype.type(max(1, np.abs(y).max(initial=0)))
    for name, arguments in (
        ("standardize", (0.1,)),
        ("batch_norm", (1 / channels, channels / 100, 0.1, 1.0)),
    ):
        expected = getattr(reference, name)(x, *arguments, moments=moments)
        actual = getattr(kernels, name)(x, *arguments, moments=moments)
        for a, e in zip(actual, expected, strict=True):
            assert a.dtype == e.dtype
            unit = max(1.0, float(np.abs(e).max(initial=0)))
            np.testing.assert_allclose(a / unit, e / unit, rtol=1e-4, atol=1e-5)


def far_from_zero(mean: float) -> Convolution:
    """A convolution by single elements, of whose results, both ways, this is the mean and 1 the deviation."""
    rng, (n, c, o, size) = np.random.default_rng(0), (5, 5, 66, 7)
    x = mean + np.sqrt(c) * rng.normal(size=(n, c, size, size))
    y = (mean + np.sqrt(o) * rng.normal(size=(n, o, size, size))) * c / o
    w = np.full((o, c, 1, 1), 1 / c)
    return Convolution(*(a.astype(np.float32) for a in (x, w, y)), Geometry())
