"""The kernel modules are interchangeable: one set of names, with one signature each."""

from __future__ import annotations

import inspect
from types import ModuleType

import numpy as np
import pytest

from minigrad.kernels import cpu, cuda, reference
from minigrad.kernels.geometry import Geometry

COMPILED = pytest.mark.parametrize("kernels", [cpu, cuda], ids=["cpu", "cuda"])


@COMPILED
def test_modules_export_the_same_names(kernels: ModuleType) -> None:
    assert sorted(kernels.__all__) == sorted(reference.__all__)


@COMPILED
@pytest.mark.parametrize("name", reference.__all__)
def test_modules_agree_on_signatures(kernels: ModuleType, name: str) -> None:
    assert inspect.signature(getattr(kernels, name)) == inspect.signature(getattr(reference, name))


@pytest.mark.parametrize("name", reference.__all__)
def test_kernels_are_documented(name: str) -> None:
    for module in (cpu, cuda, reference):
        assert getattr(module, name).__doc__


@COMPILED
@pytest.mark.parametrize("dtype", [np.float16, np.int64, np.dtype(">f4")])
def test_a_kernel_that_refuses_a_dtype_names_itself(kernels: ModuleType, dtype: np.dtype) -> None:
    x, w, c = np.zeros((1, 1, 3, 3), dtype), np.zeros((1, 1, 1, 1), dtype), np.zeros(1, dtype)
    geometry = Geometry()
    calls = {
        "conv2d": (x, w, geometry),
        "conv2d_bias_leaky_relu": (x, w, c, geometry, 0.2),
        "conv2d_moments": (x, w, geometry),
        "conv_transpose2d": (x, w, (3, 3), geometry),
        "conv_transpose2d_moments": (x, w, (3, 3), geometry),
        "conv2d_weight": (x, x, (1, 1), geometry),
        "batch_norm": (x, c, c, 1e-5, 0.2),
        "batch_norm_grad": (x, x, c, c, c, c, 0.2),
        "standardize": (x, 1e-5),
        "standardize_grad": (x, x, c, c),
        "leaky_relu": (x, 0.2),
        "leaky_gate": (x, x, 0.2),
        "bias_leaky_relu": (x, c, 0.2),
        "bias_leaky_relu_grad": (x, x, 0.2),
        "mean_softplus": (x, 1.0),
        "mean_softplus_grad": (x[0, 0, 0, 0], x, 1.0),
        "linear": (x[0, 0], x[0, 0], c, 0.2),
        "matmul": (x[0, 0], x[0, 0]),
        "stacked_matmul": (x, x),
        "matmul_gate": (x[0, 0], x[0, 0], x[0, 0], 0.2),
        "sum_squares": ([x, x],),
        "sgd_update": (x, x, None, np.zeros(4, dtype), False),
        "rmsprop_update": (x, x, x, None, None, np.zeros(6, dtype)),
        "adam_update": (x, x, x, x, np.zeros(7, dtype)),
        "adamw_update": (x, x, x, x, x, np.zeros(8, dtype)),
        "philox_uniform": (np.zeros(3, np.uint64), (3,), dtype),
        "philox_normal": (np.zeros(3, np.uint64), (3,), dtype),
        "update_running_stats": (c, c, np.array(0), c, c, 0.1, 2),
    }
    assert sorted(calls) == sorted(kernels.__all__)
    for name, arguments in calls.items():
        with pytest.raises(TypeError, match=name):
            getattr(kernels, name)(*arguments)
    with pytest.raises(TypeError, match="leaky_gate"):
        kernels.leaky_gate(np.zeros(3, np.float32), np.zeros(3, np.float64), 0.2)


@pytest.mark.parametrize("module", [cpu, reference])
@pytest.mark.parametrize("n", [2, 32])
def test_results_go_into_a_given_array(module: ModuleType, n: int) -> None:
    rng = np.random.default_rng(0)
    x, w, g = (rng.normal(size=shape) for shape in ((n, 3, 5, 5), (4, 3, 2, 2), (n, 4, 4, 4)))
    geometry = Geometry()
    calls = {
        "conv2d": (x, w, geometry),
        "conv2d_bias_leaky_relu": (x, w, w[:, 0, 0, 0], geometry, 0.2),
        "conv_transpose2d": (g, w, (5, 5), geometry),
        "conv2d_weight": (x, g, (2, 2), geometry),
        "linear": (x.reshape(n, -1), rng.normal(size=(70, 75)), rng.normal(size=70), 0.2),
        "matmul": (x.reshape(n, -1), rng.normal(size=(75, 70))),
        "stacked_matmul": (x, rng.normal(size=(5, 6))),
        "leaky_relu": (x, 0.2),
        "leaky_gate": (x[::-1], x, 0.2),
        "standardize_grad": (x[::-1], x, x[0, :, 0, 0], x[0, :, 1, 1]),
    }
    for name, arguments in calls.items():
        kernel = getattr(module, name)
        expected = kernel(*arguments)
        out = np.full_like(expected, np.nan)
        assert kernel(*arguments, out=out) is out
        np.testing.assert_array_equal(out, expected)
        for wrong in (np.empty(expected.shape, np.float32), np.asfortranarray(expected), expected[:1]):
            with pytest.raises(ValueError, match=f"{name}: expected out="):
                kernel(*arguments, out=wrong)


@pytest.mark.parametrize("module", [cpu, cuda])
def test_a_bias_that_does_not_fit_is_refused_before_anything_is_written(module: ModuleType) -> None:
    x, w, out = np.ones((2, 3, 5, 5)), np.ones((4, 3, 2, 2)), np.full((2, 4, 4, 4), 7.0)
    settings = Geometry(), 0.2
    with pytest.raises(ValueError, match=r"conv2d_bias_leaky_relu: w \(4, 3, 2, 2\) needs a bias \(4,\)"):
        module.conv2d_bias_leaky_relu(x, w, np.ones(3), *settings, out=out)
    assert (out == 7).all()
