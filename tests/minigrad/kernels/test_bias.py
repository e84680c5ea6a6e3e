"""Bias with leaky ReLU: cpu against reference, with given memory and in place."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.kernels import cpu, reference
from tests.minigrad.kernels.strategies import LAYOUTS, Array, arrays, assert_close, laid_out

MODULES = pytest.mark.parametrize("kernels", [reference, cpu], ids=["reference", "cpu"])
SLOPE = st.sampled_from([0.0, 0.2, 1.0])


@settings(max_examples=200, deadline=None)
@given(arrays(1), SLOPE, LAYOUTS, st.integers(0, 1000), st.booleans())
def test_cpu_bias_leaky_relu_equals_reference(
    drawn: list[Array], slope: float, layout: str, seed: int, given_memory: bool
) -> None:
    (x,) = drawn
    b = laid_out(np.random.default_rng(seed).normal(size=x.shape[1]).astype(x.dtype), layout)
    out = np.full(x.shape, np.nan, x.dtype) if given_memory else None
    y = cpu.bias_leaky_relu(x, b, slope, out=out)
    assert_close(y, reference.bias_leaky_relu(x, b, slope), 1)
    assert out is None or y is out


@settings(max_examples=200, deadline=None)
@given(arrays(2), SLOPE, st.booleans())
def test_cpu_bias_leaky_relu_grad_equals_reference(
    drawn: list[Array], slope: float, given_memory: bool
) -> None:
    g, y = drawn
    expected = reference.bias_leaky_relu_grad(g, y, slope)
    out = tuple(np.full_like(a, np.nan) for a in expected) if given_memory else None
    actual = cpu.bias_leaky_relu_grad(g, y, slope, out=out)
    for a, e in zip(actual, expected, strict=True):
        assert_close(a, e, 200)
    assert out is None or all(a is o for a, o in zip(actual, out, strict=True))


@MODULES
@pytest.mark.parametrize("shape", [(5, 3), (300, 256), (4, 3, 7, 7), (64, 32, 14, 14)])
def test_the_result_may_replace_x(kernels: ModuleType, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    x, b = rng.normal(size=shape), rng.normal(size=shape[1])
    expected = kernels.bias_leaky_relu(x, b, 0.2)
    assert kernels.bias_leaky_relu(x, b, 0.2, out=x) is x
    np.testing.assert_array_equal(x, expected)


@MODULES
def test_relu_is_zero_below_zero_at_infinity_too(kernels: ModuleType) -> None:
    """0 times infinity would be NaN."""
    x = np.array([[-np.inf, -2.0, -0.0, 0.0, 3.0, np.inf, np.nan]])
    expected = [[0.0, 0.0, 0.0, 0.0, 3.0, np.inf, np.nan]]
    np.testing.assert_array_equal(kernels.leaky_relu(x, 0.0), expected)
    np.testing.assert_array_equal(kernels.bias_leaky_relu(x, np.zeros(7), 0.0), expected)
    g = np.array([[np.inf, -np.inf, np.nan, np.inf, np.inf, 2.0, 5.0]])
    gated = [[0.0, 0.0, 0.0, 0.0, np.inf, 2.0, 0.0]]
    np.testing.assert_array_equal(kernels.leaky_gate(g, x, 0.0), gated)
    np.testing.assert_array_equal(kernels.bias_leaky_relu_grad(g, x, 0.0)[0], gated)


def test_cpu_bias_leaky_relu_refuses_what_does_not_fit() -> None:
    x = np.zeros((2, 3, 4))
    with pytest.raises(ValueError, match=r"x \(2, 3, 4\) needs a bias \(3,\); got \(4,\)"):
        cpu.bias_leaky_relu(x, np.zeros(4), 0.2)
    with pytest.raises(ValueError, match="expected g and y of one shape"):
        cpu.bias_leaky_relu_grad(x, x[:1], 0.2)
