"""Leaky ReLU, bias, losses and updates: the emulated kernels against the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minigrad.kernels import reference
from tests.gpu.kernels.numpy_calls import cuda
from tests.gpu.kernels.strategies import SLOPES, SOME, arrays, filled_like
from tests.minigrad.kernels.strategies import LAYOUTS, Array, assert_close, laid_out
from tests.minigrad.kernels.updates import assert_coefficients_are_read, end_of_call

pytestmark = pytest.mark.usefixtures("launched")


@SOME
@given(arrays(2), st.sampled_from([0.0, 0.2, 1.5]))
def test_leaky_relu_and_gate_equal_reference_bit_for_bit(drawn: list[Array], slope: float) -> None:
    g, x = drawn
    for name, arguments in (("leaky_relu", (x,)), ("leaky_gate", (g, x))):
        expected = getattr(reference, name)(*arguments, slope)
        (out,) = filled_like((expected,))
        assert getattr(cuda, name)(*arguments, slope, out=out) is out
        actual = getattr(cuda, name)(*arguments, slope)
        assert actual.tobytes() == out.tobytes()
        assert actual.dtype == expected.dtype
        np.testing.assert_array_equal(actual, expected)
        np.testing.assert_array_equal(np.signbit(actual), np.signbit(expected))


@SOME
@given(arrays(3))
def test_where_equals_reference(drawn: list[Array]) -> None:
    condition, x, y = drawn[0] > 0, drawn[1], drawn[2].ravel()[:1].reshape(()) if drawn[2].size else drawn[2]
    expected = reference.where(condition, x, y)
    (out,) = filled_like((expected,))
    assert cuda.where(condition, x, y, out=out) is out
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(cuda.where(condition, x, y), expected)


def test_relu_is_zero_at_minus_infinity_and_keeps_nan() -> None:
    x = np.array([[-np.inf, -2.0, -0.0, 0.0, 3.0, np.inf, np.nan]])
    expected = [[0.0, 0.0, 0.0, 0.0, 3.0, np.inf, np.nan]]
    np.testing.assert_array_equal(cuda.leaky_relu(x, 0.0), expected)
    np.testing.assert_array_equal(cuda.bias_leaky_relu(x, np.zeros(7), 0.0), expected)
    g = np.array([[np.inf, -np.inf, np.nan, np.inf, np.inf, 2.0, 5.0]])
    gated = [[0.0, 0.0, 0.0, 0.0, np.inf, 2.0, 0.0]]
    np.testing.assert_array_equal(cuda.leaky_gate(g, x, 0.0), gated)
    np.testing.assert_array_equal(cuda.bias_leaky_relu_grad(g, x, 0.0)[0], gated)


@SOME
@given(arrays(1), SLOPES, LAYOUTS, st.integers(0, 1000))
def test_bias_leaky_relu_equals_reference(drawn: list[Array], slope: float, layout: str, seed: int) -> None:
    (x,) = drawn
    b = laid_out(np.random.default_rng(seed).normal(size=x.shape[1]).astype(x.dtype), layout)
    expected = reference.bias_leaky_relu(x, b, slope)
    assert_close(cuda.bias_leaky_relu(x, b, slope), expected, 1)
    own = np.array(x, order="C")
    assert cuda.bias_leaky_relu(own, b, slope, out=own) is own
    assert_close(own, expected, 1)


@SOME
@given(arrays(2), SLOPES, st.booleans())
def test_bias_leaky_relu_grad_equals_reference(drawn: list[Array], slope: float, given_memory: bool) -> None:
    g, y = drawn
    expected = reference.bias_leaky_relu_grad(g, y, slope)
    out = filled_like(expected) if given_memory else None
    actual = cuda.bias_leaky_relu_grad(g, y, slope, out=out)
    for a, e in zip(actual, expected, strict=True):
        assert_close(a, e, 200)
    assert out is None or all(a is o for a, o in zip(actual, out, strict=True))


@SOME
@given(arrays(1), st.sampled_from([1, -1]))
def test_mean_softplus_and_its_gradient_equal_reference(drawn: list[Array], sign: int) -> None:
    (x,) = drawn
    assume(x.size > 0)
    assert_close(cuda.mean_softplus(x, sign), reference.mean_softplus(x, sign), 1)
    g = np.asarray(3.0, x.dtype)
    expected = reference.mean_softplus_grad(g, x, sign)
    (out,) = filled_like((expected,))
    assert cuda.mean_softplus_grad(g, x, sign, out=out) is out
    assert_close(out, expected, 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_logit_gives_a_finite_loss_and_gradient(dtype: type) -> None:
    one, most = np.asarray(1, dtype), np.finfo(dtype).max
    for value, loss, slope in ((most, most, 1.0), (-most, 0.0, 0.0), (0.0, np.log(2), 0.5)):
        x = np.array([value], dtype)
        np.testing.assert_allclose(cuda.mean_softplus(x, 1), loss, rtol=1e-6)
        np.testing.assert_allclose(cuda.mean_softplus(-x, -1), loss, rtol=1e-6)
        np.testing.assert_allclose(cuda.mean_softplus_grad(one, x, 1), [slope], atol=1e-7)
        np.testing.assert_allclose(cuda.mean_softplus_grad(one, -x, -1), [-slope], atol=1e-7)
    for value in (np.nan, np.inf):
        assert not np.isfinite(cuda.mean_softplus(np.array([1.0, value], dtype), 1))


SETTINGS: dict[str, list[tuple[Any, ...]]] = {
    "sgd_update": [(0.1, 0.0, 0.0, 0.01, False), (0.1, 0.9, 0.0, 0.0, True), (0.1, 0.9, 0.3, 0.02, False)],
    "rmsprop_update": [(0.1, 0.99, 1e-3, 0.01, 0.0), (0.1, 0.9, 1e-3, 0.0, 0.5)],
    "adam_update": [(1, 0.1, 0.5, 0.999, 1e-3, 0.0), (7, 0.1, 0.9, 0.99, 1e-3, 0.1)],
    "adamw_update": [(1, 0.1, 0.5, 0.999, 1e-3, 0.0, 0.2), (7, 0.1, 0.9, 0.99, 1e-3, 0.1, 0.0)],
}


@pytest.mark.parametrize("name", SETTINGS)
@SOME
@given(data=st.data(), drawn=arrays(5), centered=st.booleans())
def test_updates_equal_reference(name: str, data: st.DataObject, drawn: list[Array], centered: bool) -> None:
    numbers = data.draw(st.sampled_from(SETTINGS[name]))
    p, g = np.ascontiguousarray(drawn[0]), drawn[1]
    state: list[Array | None] = [np.ascontiguousarray(abs(a)) for a in drawn[2:]]
    if name == "sgd_update":
        state = [state[0] if numbers[1] else None]
    elif name == "rmsprop_update":
        # a mean of squares is never below the square of the mean
        state = [abs(drawn[2]).copy("C") + 1, 0.1 * drawn[3].copy("C") if centered else None, state[2]]
        state[2] = state[2] if numbers[4] else None
    elif name == "adamw_update":
        state[2] = state[2] if centered else None  # AMSGrad's maximum
    else:
        state = state[:2]
    results, before = [], g.copy()
    for module in (cuda, reference):
        own = [None if a is None else np.array(a) for a in (p, *state)]
        getattr(module, name)(own[0], g, *own[1:], *end_of_call(name, numbers, p.dtype))
        results.append([a for a in own if a is not None])
    np.testing.assert_array_equal(g, before)
    for actual, expected in zip(*results, strict=True):
        assert_close(actual, expected, 20)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("sizes", [(3, 0, 40, 1), (1,) * 21, (700, 5, 1, 4096, 2, 2, 7, 9, 5000), (0,)])
def test_updates_take_gradients_end_to_end(name: str, sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    gradients = [rng.normal(size=(size, 2)).astype(np.float32)[:, 0] for size in sizes]
    states = [np.abs(rng.normal(size=(4, sum(sizes)))).astype(np.float32) for _ in range(2)]
    states[0][1] += 30  # a mean of squares is never below the square of the mean
    states[1][...] = states[0]
    end = end_of_call(name, SETTINGS[name][-1], np.float32)
    for (p, *state), g in zip(states, (gradients, np.concatenate(gradients)), strict=True):
        used = {"sgd_update": state[:1], "adam_update": state[:2]}.get(name, state)
        getattr(cuda, name)(p, g, *used, *end)
    np.testing.assert_array_equal(*states)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_updates_read_their_coefficients_from_an_array(name: str, dtype: type) -> None:
    assert_coefficients_are_read(cuda, name, dtype)


@SOME
@given(arrays(3), st.integers(1, 4))
def test_sum_squares_equals_reference(drawn: list[Array], times: int) -> None:
    arrays_end_to_end = drawn * times
    expected = reference.sum_squares(arrays_end_to_end)
    assert cuda.sum_squares(arrays_end_to_end) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_sum_squares_is_not_finite_where_an_element_is_not(value: float) -> None:
    large = np.full(9000, 3e38, np.float32)
    assert np.isfinite(cuda.sum_squares([large, large]))
    large[4500] = value
    assert not np.isfinite(cuda.sum_squares([np.zeros(3, np.float32), large]))
