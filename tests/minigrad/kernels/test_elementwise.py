"""Leaky ReLU and the optimizers' updates: cpu against reference, both against PyTorch."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels import cpu, reference
from tests.minigrad.kernels.strategies import LAYOUT_NAMES, Array, arrays, assert_close, laid_out
from tests.minigrad.kernels.updates import assert_coefficients_are_read, end_of_call

MODULES = pytest.mark.parametrize("kernels", [reference, cpu], ids=["reference", "cpu"])


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


@settings(max_examples=200, deadline=None)
@given(arrays(3), st.sets(st.sampled_from([0, 1, 2])), st.sampled_from(LAYOUT_NAMES))
def test_cpu_where_equals_reference(drawn: list[Array], single: set[int], layout: str) -> None:
    """Of whole arrays and of single numbers, which one of the three may be or all."""
    parts = [np.full((1,) * a.ndim, k - 1, a.dtype) if k in single else a for k, a in enumerate(drawn)]
    condition, x, y = laid_out(parts[0] > 0, layout), *parts[1:]
    actual, expected = cpu.where(condition, x, y), reference.where(condition, x, y)
    assert actual.dtype == expected.dtype
    assert actual.flags.c_contiguous
    np.testing.assert_array_equal(actual, expected)
    np.testing.assert_array_equal(np.signbit(actual), np.signbit(expected))


@MODULES
def test_where_takes_no_part_in_what_it_does_not_choose(kernels: ModuleType) -> None:
    condition, rows = np.array([[True], [False]]), np.array([1.0, np.nan, np.inf])
    expected = [[1.0, np.nan, np.inf], [0.0, 0.0, 0.0]]
    np.testing.assert_array_equal(kernels.where(condition, rows, np.zeros(())), expected)
    np.testing.assert_array_equal(kernels.where(~condition, np.zeros((1, 1)), rows), expected)


@MODULES
def test_leaky_relu_by_hand(kernels: ModuleType) -> None:
    x = np.array([-2.0, -0.0, 0.0, 3.0, np.nan, np.inf, -np.inf])
    expected = np.array([-0.5, 0.0, 0.0, 3.0, np.nan, np.inf, -np.inf])
    np.testing.assert_array_equal(kernels.leaky_relu(x, 0.25), expected)
    gate = kernels.leaky_gate(np.full(7, 4.0), x, 0.25)
    np.testing.assert_array_equal(gate, [1.0, 1.0, 1.0, 4.0, 1.0, 4.0, 1.0])
    with pytest.raises(ValueError, match=r"leaky_gate|shape"):
        kernels.leaky_gate(np.zeros((2, 3)), np.zeros((3, 2)), 0.2)


SETTINGS: dict[str, list[tuple[Any, ...]]] = {
    "sgd_update": [(0.1, 0.0, 0.0, 0.01, False), (0.1, 0.9, 0.0, 0.0, True), (0.1, 0.9, 0.3, 0.02, False)],
    "rmsprop_update": [(0.1, 0.99, 1e-3, 0.01, 0.0), (0.1, 0.9, 1e-3, 0.0, 0.5)],
    "adam_update": [(1, 0.1, 0.5, 0.999, 1e-3, 0.0), (7, 0.1, 0.9, 0.99, 1e-3, 0.1)],
    "adamw_update": [(1, 0.1, 0.5, 0.999, 1e-3, 0.0, 0.2), (7, 0.1, 0.9, 0.99, 1e-3, 0.1, 0.0)],
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
    elif name == "adamw_update":
        state[2] = data.draw(st.sampled_from([None, state[2]]))
    else:
        state = state[:2]
    results, before = [], g.copy()
    for module in (cpu, reference):
        own = [None if a is None else np.array(a) for a in (p, *state)]
        getattr(module, name)(own[0], g, *own[1:], *end_of_call(name, numbers, p.dtype))
        results.append([a for a in own if a is not None])
    np.testing.assert_array_equal(g, before)
    for actual, expected in zip(*results, strict=True):
        assert_close(actual, expected, 20)


@MODULES
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("sizes", [(3, 0, 40, 1), (20000, 5, 70000, 16384)])
def test_updates_take_gradients_end_to_end(kernels: ModuleType, name: str, sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    gradients = [rng.normal(size=(size, 2)).astype(np.float32)[:, 0] for size in sizes]
    states = [np.abs(rng.normal(size=(4, sum(sizes)))).astype(np.float32) for _ in range(2)]
    states[0][1] += 30  # a mean of squares is never below the square of the mean
    states[1][...] = states[0]
    end = end_of_call(name, SETTINGS[name][-1], np.float32)
    for (p, *state), g in zip(states, (gradients, np.concatenate(gradients)), strict=True):
        used = {"sgd_update": state[:1], "adam_update": state[:2]}.get(name, state)
        getattr(kernels, name)(p, g, *used, *end)
    np.testing.assert_allclose(*states, rtol=1e-6, atol=1e-7)
    with pytest.raises(ValueError, match=r"adam_update: expected gradients|reshape"):
        kernels.adam_update(states[0][0], gradients[1:], *states[0][:2], np.ones(7, np.float32))


@MODULES
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_updates_read_their_coefficients_from_an_array(kernels: ModuleType, name: str, dtype: type) -> None:
    assert_coefficients_are_read(kernels, name, dtype)


@settings(max_examples=100, deadline=None)
@given(arrays(3))
def test_cpu_sum_squares_equals_reference(drawn: list[Array]) -> None:
    expected = reference.sum_squares(drawn)
    assert cpu.sum_squares(drawn) == pytest.approx(expected, rel=1e-12)
    assert expected == pytest.approx(sum((a.astype(np.float64) ** 2).sum() for a in drawn))


@MODULES
@pytest.mark.parametrize("size", [10, 100000])
def test_sum_squares_is_not_finite_exactly_where_an_element_is_not(kernels: ModuleType, size: int) -> None:
    large = np.full(size, 3e38, np.float32)
    assert np.isfinite(kernels.sum_squares([large, large]))
    for value in (np.nan, np.inf, -np.inf):
        large[size // 2] = value
        assert not np.isfinite(kernels.sum_squares([np.zeros(3, np.float32), large]))


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
    elif name == "adamw_update":
        optimizer = torch.optim.AdamW([p_torch], 0.1, (0.5, 0.99), weight_decay=0.2, amsgrad=True)
    else:
        optimizer = torch.optim.Adam([p_torch], 0.1, (0.5, 0.99), weight_decay=0.01)
    for step, g in enumerate(gradients, 1):
        p_torch.grad = torch.tensor(g)
        optimizer.step()
        if name == "sgd_update":
            dampening = 0.3 if step > 1 else 0.0
            kernels.sgd_update(p, g, a, *end_of_call(name, (0.1, 0.9, dampening, 0.01, False), p.dtype))
        elif name == "rmsprop_update":
            kernels.rmsprop_update(p, g, a, b, c, *end_of_call(name, (0.1, 0.9, 1e-8, 0.01, 0.5), p.dtype))
        elif name == "adamw_update":
            numbers = step, 0.1, 0.5, 0.99, 1e-8, 0.0, 0.2
            kernels.adamw_update(p, g, a, b, c, *end_of_call(name, numbers, p.dtype))
        else:
            numbers = step, 0.1, 0.5, 0.99, 1e-8, 0.01
            kernels.adam_update(p, g, a, b, *end_of_call(name, numbers, p.dtype))
        np.testing.assert_allclose(p, p_torch.detach().numpy(), atol=1e-12)


def test_cpu_updates_refuse_what_they_cannot_write() -> None:
    p, g, sgd, adam = np.zeros((4, 4)), np.ones((4, 4)), np.full(4, 0.1), np.full(7, 0.1)
    with pytest.raises(ValueError, match=r"sgd_update: .* C-contiguous=False"):
        cpu.sgd_update(p.T[::2], g[:2], None, sgd, False)
    with pytest.raises(ValueError, match="adam_update: expected a gradient of the parameter's shape"):
        cpu.adam_update(p, g[:2], p, p, adam)
    p.flags.writeable = False
    with pytest.raises(ValueError, match="writeable=False"):
        cpu.sgd_update(p, g, None, sgd, False)
