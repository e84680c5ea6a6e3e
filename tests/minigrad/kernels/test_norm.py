"""Batch norm: cpu against reference, both against PyTorch."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels import cpu, cuda, reference
from tests.minigrad.kernels.strategies import LAYOUTS, Array, arrays, assert_close, laid_out

MODULES = pytest.mark.parametrize("kernels", [reference, cpu], ids=["reference", "cpu"])
SLOPE = st.sampled_from([0.0, 0.2, 1.0])


@settings(max_examples=200, deadline=None)
@given(arrays(1), st.sampled_from([1e-5, 0.1]), st.sampled_from([0.0, 100.0]))
def test_cpu_standardize_equals_reference(drawn: list[Array], eps: float, offset: float) -> None:
    x = drawn[0] + drawn[0].dtype.type(offset)
    for actual, expected in zip(cpu.standardize(x, eps), reference.standardize(x, eps), strict=True):
        assert_close(actual, expected, 10 + int(offset / eps**0.5 * 0.01))


@settings(max_examples=200, deadline=None)
@given(arrays(2))
def test_cpu_standardize_grad_equals_reference(drawn: list[Array]) -> None:
    g, x = drawn
    _, mean, _, inv_std = reference.standardize(x, 0.1)
    expected = reference.standardize_grad(g, x, mean, inv_std)
    assert_close(cpu.standardize_grad(g, x, mean, inv_std), expected, 50)


@MODULES
def test_statistics_survive_a_large_mean(kernels: ModuleType) -> None:
    """float32 sums of numbers near 1000 would lose the variance, as would the mean of their squares."""
    x = (1000 + np.random.default_rng(0).normal(size=(64, 2, 100, 80))).astype(np.float32)
    _, mean, var, inv_std = kernels.standardize(x, 1e-5)
    wide = x.astype(np.float64)
    np.testing.assert_allclose(mean, wide.mean(axis=(0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(var, wide.var(axis=(0, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(inv_std, 1 / np.sqrt(wide.var(axis=(0, 2, 3)) + 1e-5), rtol=1e-5)


@MODULES
@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 5, 2)])
def test_standardize_equals_torch(kernels: ModuleType, shape: tuple[int, ...]) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=shape), rng.normal(size=shape)
    x_torch = torch.tensor(x, requires_grad=True)
    y_torch = torch.nn.functional.batch_norm(x_torch, None, None, training=True, eps=1e-3)
    (gx,) = torch.autograd.grad(y_torch, x_torch, torch.tensor(g))
    y, mean, _, inv_std = kernels.standardize(x, 1e-3)
    np.testing.assert_allclose(y, y_torch.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(kernels.standardize_grad(g, x, mean, inv_std), gx.numpy(), atol=1e-12)


@st.composite
def parameters(draw: st.DrawFn, x: Array) -> tuple[Array, Array]:
    """Weight and bias; all results of the batch norm stay away from the kink, where rounding decides."""
    rng, dtype = np.random.default_rng(draw(st.integers(0, 2**32 - 1))), x.dtype
    weight = rng.normal(size=x.shape[1]).astype(dtype)
    xhat, *_ = reference.standardize(x.astype(np.float64), 0.1)
    before = np.moveaxis(xhat, 1, 0).reshape(x.shape[1], x.size // max(x.shape[1], 1)) * weight[:, None]
    offsets = np.linspace(-1, 1, 41)[:, None, None]
    bias = np.linspace(-1, 1, 41)[np.abs(before + offsets).min(axis=2, initial=9).argmax(axis=0)]
    layout = draw(LAYOUTS)
    return laid_out(weight, layout), laid_out(bias.astype(dtype), layout)


@settings(max_examples=200, deadline=None)
@given(st.data(), arrays(1), SLOPE, st.booleans())
def test_cpu_batch_norm_equals_reference(
    data: st.DataObject, drawn: list[Array], slope: float, given_memory: bool
) -> None:
    (x,) = drawn
    weight, bias = data.draw(parameters(x))
    expected = reference.batch_norm(x, weight, bias, 0.1, slope)
    out = tuple(np.full_like(a, np.nan) for a in expected) if given_memory else None
    actual = cpu.batch_norm(x, weight, bias, 0.1, slope, out=out)
    for a, e in zip(actual, expected, strict=True):
        assert_close(a, e, 10)
    if out is not None:
        assert all(a is o for a, o in zip(actual, out, strict=True))


@settings(max_examples=200, deadline=None)
@given(st.data(), arrays(2), SLOPE, st.booleans())
def test_cpu_batch_norm_grad_equals_reference(
    data: st.DataObject, drawn: list[Array], slope: float, given_memory: bool
) -> None:
    g, x = drawn
    if x.size > 10000:  # so many elements leave no room between them and the kink
        slope = 1.0
    weight, bias = data.draw(parameters(x))
    _, mean, _, inv_std = reference.standardize(x, 0.1)
    expected = reference.batch_norm_grad(g, x, weight, bias, mean, inv_std, slope)
    out = tuple(np.full_like(a, np.nan) for a in expected) if given_memory else None
    actual = cpu.batch_norm_grad(g, x, weight, bias, mean, inv_std, slope, out=out)
    for a, e in zip(actual, expected, strict=True):
        scale = max(1.0, float(np.abs(e).max(initial=0)))
        assert_close(a / a.dtype.type(scale), e / a.dtype.type(scale), 50)
    if out is not None:
        assert all(a is o for a, o in zip(actual, out, strict=True))


@MODULES
@pytest.mark.parametrize("slope", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 5, 2), (70, 5, 7, 7), (70, 5, 8, 9)])
def test_batch_norm_equals_torch(kernels: ModuleType, shape: tuple[int, ...], slope: float) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x, g, weight, bias = (rng.normal(size=size) for size in (shape, shape, shape[1], shape[1]))
    theirs = [torch.tensor(a, requires_grad=True) for a in (x, weight, bias)]
    y_torch = torch.nn.functional.batch_norm(theirs[0], None, None, *theirs[1:], training=True, eps=1e-3)
    y_torch = torch.nn.functional.leaky_relu(y_torch, slope)
    expected = torch.autograd.grad(y_torch, theirs, torch.tensor(g))
    y, mean, _, inv_std = kernels.batch_norm(x, weight, bias, 1e-3, slope)
    np.testing.assert_allclose(y, y_torch.detach().numpy(), atol=1e-12)
    gradients = kernels.batch_norm_grad(g, x, weight, bias, mean, inv_std, slope)
    for a, e in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(a, e.numpy(), atol=1e-11)


@pytest.mark.parametrize("outlier", [0, 1, 63, 64, 199])
@pytest.mark.parametrize("side", [7, 9, 28])
def test_one_image_far_from_the_others_costs_no_digits(side: int, outlier: int) -> None:
    x = np.random.default_rng(0).normal(size=(200, 3, side, side)).astype(np.float32)
    x[outlier] += 1e4
    _, mean, var, _ = cpu.standardize(x, 1e-5)
    wide = x.astype(np.float64)
    np.testing.assert_allclose(mean, wide.mean(axis=(0, 2, 3)), atol=1e-6 * wide.std())
    np.testing.assert_allclose(var, wide.var(axis=(0, 2, 3)), rtol=1e-5)


def test_cpu_batch_norm_refuses_what_does_not_fit() -> None:
    x, c = np.zeros((2, 3, 4)), np.zeros(3)
    with pytest.raises(ValueError, match=r"batch_norm: x \(2, 3, 4\) has 3 channels; got \(2,\), \(3,\)"):
        cpu.batch_norm(x, c[:2], c, 1e-5, 0.2)
    with pytest.raises(ValueError, match=r"batch_norm_grad: expected g of x's shape"):
        cpu.batch_norm_grad(x[:1], x, c, c, c, c, 0.2)
    with pytest.raises(
        ValueError,
        match=r"batch_norm: expected out= to be a writeable, C-contiguous float64 array of shape \(2, 3, 4\)",
    ):
        cpu.batch_norm(x, c, c, 1e-5, 0.2, out=(x[:1], c, c, c))


@MODULES
@pytest.mark.parametrize("momentum", [0.1, 1.0, None])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_running_statistics_equal_torch(kernels: ModuleType, momentum: float | None, dtype: type) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    layer = torch.nn.BatchNorm2d(
        5, momentum=momentum, dtype=torch.float32 if dtype is np.float32 else torch.float64
    )
    running = np.zeros(5, dtype), np.ones(5, dtype), np.array(0)
    for _ in range(4):
        x = rng.normal(size=(3, 5, 2, 4)).astype(dtype)
        layer(torch.from_numpy(x))
        _, mean, var, _ = kernels.standardize(x, 1e-5)
        kernels.update_running_stats(*running, mean, var, momentum, 24)
    expected = layer.running_mean, layer.running_var, layer.num_batches_tracked
    for a, e in zip(running, expected, strict=True):
        np.testing.assert_allclose(a, e.numpy(), rtol=1e-5 if dtype is np.float32 else 1e-12)


@pytest.mark.parametrize("kernels", [reference, cpu, cuda], ids=["reference", "cpu", "cuda"])
def test_running_statistics_that_do_not_fit_are_refused_and_stay(kernels: ModuleType) -> None:
    running = np.zeros(3), np.ones(3), np.array(0)
    c = np.full(3, 7.0)
    with pytest.raises(ValueError, match=r"update_running_stats: expected four arrays .* \(2,\)"):
        kernels.update_running_stats(*running, c[:2], c, 0.1, 5)
    with pytest.raises(ValueError, match=r"more than one element for each channel; got int64 and 1"):
        kernels.update_running_stats(*running, c, c, 0.1, 1)
    with pytest.raises(TypeError, match=r"of one dtype, float32 or float64; got float64 and float32"):
        kernels.update_running_stats(running[0], np.ones(3, np.float32), running[2], c, c, 0.1, 5)
    assert [a.tolist() for a in running] == [[0, 0, 0], [1, 1, 1], 0]


def test_running_statistics_on_cuda_lie_end_to_end() -> None:
    c = np.ones(3)
    with pytest.raises(ValueError, match="C-contiguous running statistics"):
        cuda.update_running_stats(np.zeros(6)[::2], c, np.array(0), c, c, 0.1, 5)
