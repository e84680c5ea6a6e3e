"""Batch norm, leaky ReLU and the optimizers' updates: cpu against reference, both against PyTorch."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels import cpu, reference
from tests.kernels.strategies import DTYPES, LAYOUTS, Array, assert_close, laid_out

MODULES = pytest.mark.parametrize("kernels", [reference, cpu], ids=["reference", "cpu"])
SHAPES = st.lists(st.integers(0, 6), min_size=2, max_size=4).map(tuple)
LARGE = st.sampled_from([(300, 70), (3, 40, 13, 11), (20000, 1), (1, 1, 300, 300)])


@st.composite
def arrays(draw: st.DrawFn, count: int) -> list[Array]:
    """`count` arrays of one shape and dtype, each in its own layout, zeros of both signs among them."""
    shape = draw(st.one_of(SHAPES, SHAPES, SHAPES, LARGE))
    dtype, rng = draw(st.sampled_from(DTYPES)), np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = [rng.normal(size=shape) * rng.integers(-1, 2, size=shape) for _ in range(count)]
    return [laid_out(a.astype(dtype), draw(LAYOUTS)) for a in values]


@settings(max_examples=200, deadline=None)
@given(arrays(1), st.sampled_from([0.0, 0.01, 0.2, 1.5]))
def test_cpu_leaky_relu_equals_reference(drawn: list[Array], slope: float) -> None:
    (x,) = drawn
    actual, expected = cpu.leaky_relu(x, slope), reference.leaky_relu(x, slope)
    assert actual.dtype == expected.dtype
    assert actual.flags.c_contiguous
    np.testing.assert_array_equal(actual, expected)
    np.testing.assert_array_equal(np.signbit(actual), np.signbit(expected))


@settings(max_examples=200, deadline=None)
@given(arrays(2), st.sampled_from([0.0, 0.01, 0.2, 1.5]))
def test_cpu_leaky_gate_equals_reference(drawn: list[Array], slope: float) -> None:
    g, x = drawn
    actual, expected = cpu.leaky_gate(g, x, slope), reference.leaky_gate(g, x, slope)
    assert actual.dtype == expected.dtype
    np.testing.assert_array_equal(actual, expected)


@MODULES
def test_leaky_relu_by_hand(kernels: ModuleType) -> None:
    x = np.array([-2.0, -0.0, 0.0, 3.0, np.nan, np.inf, -np.inf])
    expected = np.array([-0.5, 0.0, 0.0, 3.0, np.nan, np.inf, -np.inf])
    np.testing.assert_array_equal(kernels.leaky_relu(x, 0.25), expected)
    gate = kernels.leaky_gate(np.full(7, 4.0), x, 0.25)
    np.testing.assert_array_equal(gate, [1.0, 1.0, 1.0, 4.0, 1.0, 4.0, 1.0])
    with pytest.raises(ValueError, match=r"leaky_gate|shape"):
        kernels.leaky_gate(np.zeros((2, 3)), np.zeros((3, 2)), 0.2)


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


SETTINGS: dict[str, list[tuple[Any, ...]]] = {
    "sgd_update": [(0.1, 0.0, 0.0, 0.01, False), (0.1, 0.9, 0.0, 0.0, True), (0.1, 0.9, 0.3, 0.02, False)],
    "rmsprop_update": [(0.1, 0.99, 1e-3, 0.01, 0.0), (0.1, 0.9, 1e-3, 0.0, 0.5)],
    "adam_update": [(1, 0.1, 0.5, 0.999, 1e-3, 0.0), (7, 0.1, 0.9, 0.99, 1e-3, 0.1)],
}


@pytest.mark.parametrize("name", SETTINGS)
@settings(max_examples=200, deadline=None)
@given(data=st.data(), drawn=arrays(5))
def test_cpu_update_equals_reference(name: str, data: st.DataObject, drawn: list[Array]) -> None:
    numbers = data.draw(st.sampled_from(SETTINGS[name]))
    p, g = np.ascontiguousarray(drawn[0]), drawn[1]
    state: list[Array | None] = [np.ascontiguousarray(abs(a)) for a in drawn[2:]]
    if name == "sgd_update":
        state = [state[0] if numbers[1] else None]
    elif name == "rmsprop_update":
        state[0] += 1.0  # a mean of squares is never below the square of the mean
        state[1] = data.draw(st.sampled_from([None, 0.1 * drawn[3].copy(order="C")]))
        state[2] = state[2] if numbers[4] else None
    else:
        state = state[:2]
    results, before = [], g.copy()
    for module in (cpu, reference):
        own = [None if a is None else np.array(a) for a in (p, *state)]
        getattr(module, name)(own[0], g, *own[1:], *numbers)
        results.append([a for a in own if a is not None])
    np.testing.assert_array_equal(g, before)
    for actual, expected in zip(*results, strict=True):
        assert_close(actual, expected, 20)


@pytest.mark.parametrize("name", SETTINGS)
@MODULES
def test_updates_equal_torch(kernels: ModuleType, name: str) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    p, gradients = rng.normal(size=(3, 4)), rng.normal(size=(10, 3, 4))
    p_torch = torch.tensor(p.copy(), requires_grad=True)
    a, b, c = np.zeros_like(p), np.zeros_like(p), np.zeros_like(p)
    if name == "sgd_update":
        optimizer = torch.optim.SGD([p_torch], 0.1, momentum=0.9, dampening=0.3, weight_decay=0.01)
    elif name == "rmsprop_update":
        optimizer = torch.optim.RMSprop([p_torch], 0.1, 0.9, 1e-8, 0.01, momentum=0.5, centered=True)
    else:
        optimizer = torch.optim.Adam([p_torch], 0.1, (0.5, 0.99), weight_decay=0.01)
    for step, g in enumerate(gradients, 1):
        p_torch.grad = torch.tensor(g)
        optimizer.step()
        if name == "sgd_update":
            kernels.sgd_update(p, g, a, 0.1, 0.9, 0.3 if step > 1 else 0.0, 0.01, False)
        elif name == "rmsprop_update":
            kernels.rmsprop_update(p, g, a, b, c, 0.1, 0.9, 1e-8, 0.01, 0.5)
        else:
            kernels.adam_update(p, g, a, b, step, 0.1, 0.5, 0.99, 1e-8, 0.01)
        np.testing.assert_allclose(p, p_torch.detach().numpy(), atol=1e-12)


def test_cpu_updates_refuse_what_they_cannot_write() -> None:
    p, g = np.zeros((4, 4)), np.ones((4, 4))
    with pytest.raises(ValueError, match=r"sgd_update: .* C-contiguous=False"):
        cpu.sgd_update(p.T[::2], g[:2], None, 0.1, 0.0, 0.0, 0.0, False)
    with pytest.raises(ValueError, match="adam_update: expected a gradient of the parameter's shape"):
        cpu.adam_update(p, g[:2], p, p, 1, 0.1, 0.5, 0.9, 1e-8, 0.0)
    p.flags.writeable = False
    with pytest.raises(ValueError, match="writeable=False"):
        cpu.sgd_update(p, g, None, 0.1, 0.0, 0.0, 0.0, False)
