"""Batch norm: the emulated kernels against the reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.kernels import reference
from tests.gpu.kernels.numpy_calls import cuda
from tests.gpu.kernels.strategies import SLOPES, SOME, arrays, filled_like
from tests.minigrad.kernels.strategies import Array, assert_close
from tests.minigrad.kernels.test_norm import parameters

pytestmark = pytest.mark.usefixtures("launched")


@SOME
@given(arrays(1), st.sampled_from([1e-5, 0.1]), st.sampled_from([0.0, 100.0]))
def test_standardize_equals_reference(drawn: list[Array], eps: float, offset: float) -> None:
    x = drawn[0] + drawn[0].dtype.type(offset)
    for actual, expected in zip(cuda.standardize(x, eps), reference.standardize(x, eps), strict=True):
        assert_close(actual, expected, 10 + int(offset / eps**0.5 * 0.01))


@SOME
@given(arrays(2))
def test_standardize_grad_equals_reference(drawn: list[Array]) -> None:
    g, x = drawn
    _, mean, _, inv_std = reference.standardize(x, 0.1)
    expected = reference.standardize_grad(g, x, mean, inv_std)
    (out,) = filled_like((expected,))
    assert cuda.standardize_grad(g, x, mean, inv_std, out=out) is out
    assert_close(out, expected, 50)


@SOME
@given(st.data(), arrays(1), SLOPES, st.booleans())
def test_batch_norm_equals_reference(
    data: st.DataObject, drawn: list[Array], slope: float, given_memory: bool
) -> None:
    (x,) = drawn
    weight, bias = data.draw(parameters(x))
    expected = reference.batch_norm(x, weight, bias, 0.1, slope)
    out = filled_like(expected) if given_memory else None
    actual = cuda.batch_norm(x, weight, bias, 0.1, slope, out=out)
    for a, e in zip(actual, expected, strict=True):
        assert_close(a, e, 10)
    assert out is None or all(a is o for a, o in zip(actual, out, strict=True))


@SOME
@given(st.data(), arrays(2), SLOPES, st.booleans())
def test_batch_norm_grad_equals_reference(
    data: st.DataObject, drawn: list[Array], slope: float, given_memory: bool
) -> None:
    g, x = drawn
    weight, bias = data.draw(parameters(x))
    _, mean, _, inv_std = reference.standardize(x, 0.1)
    expected = reference.batch_norm_grad(g, x, weight, bias, mean, inv_std, slope)
    out = filled_like(expected) if given_memory else None
    actual = cuda.batch_norm_grad(g, x, weight, bias, mean, inv_std, slope, out=out)
    for a, e in zip(actual, expected, strict=True):
        scale = max(1.0, float(np.abs(e).max(initial=0)))
        assert_close(a / a.dtype.type(scale), e / a.dtype.type(scale), 50)
    assert out is None or all(a is o for a, o in zip(actual, out, strict=True))


@pytest.mark.parametrize("outlier", [None, 0, 63, 199])
def test_statistics_survive_a_large_mean_and_an_outlier(outlier: int | None) -> None:
    """float32 sums would lose the variance, as would the mean of squares; 200 images are three slices."""
    x = (1000 + np.random.default_rng(0).normal(size=(200, 3, 7, 7))).astype(np.float32)
    if outlier is not None:
        x[outlier] += 1e4
    _, mean, var, inv_std = cuda.standardize(x, 1e-5)
    wide = x.astype(np.float64)
    np.testing.assert_allclose(mean, wide.mean(axis=(0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(var, wide.var(axis=(0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(inv_std, 1 / np.sqrt(wide.var(axis=(0, 2, 3)) + 1e-5), rtol=1e-6)


def test_what_does_not_fit_is_refused() -> None:
    x, c = np.zeros((2, 3, 4)), np.zeros(3)
    with pytest.raises(ValueError, match=r"batch_norm: x \(2, 3, 4\) has 3 channels; got \(2,\), \(3,\)"):
        cuda.batch_norm(x, c[:2], c, 1e-5, 0.2)
    with pytest.raises(ValueError, match=r"batch_norm_grad: expected g of x's shape"):
        cuda.batch_norm_grad(x[:1], x, c, c, c, c, 0.2)
    with pytest.raises(ValueError, match=r"batch_norm: expected out= to be a writeable, C-contiguous"):
        cuda.batch_norm(x, c, c, 1e-5, 0.2, out=(x[:1], c, c, c))
