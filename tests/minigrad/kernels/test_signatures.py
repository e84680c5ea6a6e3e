"""The kernel modules are interchangeable: one set of names, with one signature each."""

from __future__ import annotations

import inspect
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from minigrad import Tensor, dispatch
from minigrad.kernels import cpu, cuda, reference
from minigrad.kernels.geometry import Geometry
from minigrad.registry import registry
from tests.minigrad.ops.cases import CASES, Case
from tests.minigrad.ops.cases.samples import Sample

Calls = dict[str, tuple[tuple[Any, ...], dict[str, Any]]]
"""Positional and named arguments by the name of a kernel."""

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


def calls_of_the_rows() -> Calls:
    """Arguments for each kernel that an op calls: those of the first call that its row in the table makes."""
    calls: Calls = {}

    def noted(name: str, *args: Any, **params: Any) -> Any:
        calls.setdefault(name, (args, params))
        return getattr(reference, name)(*args, **params)

    noting = SimpleNamespace(**{name: partial(noted, name) for name in reference.__all__})
    with pytest.MonkeyPatch.context() as patch, dispatch.use_kernels("reference"), np.errstate(all="ignore"):
        patch.setitem(dispatch._loaded, "reference", noting)
        for case in CASES:
            if (
                case.function in registry
                and "kernels_of" in registry[case.function].forward.__code__.co_names
            ):
                run(case)
    return calls


def run(case: Case) -> None:
    """Call the row's op with some of its samples."""

    @settings(max_examples=5, phases=[Phase.generate], database=None, derandomize=True)
    @given(case.samples)
    def run_one(sample: Sample) -> None:
        case.call([Tensor(a) for a in sample.arrays], **sample.params)

    run_one()


@pytest.fixture(scope="module")
def calls() -> Calls:
    """Arguments for each kernel; here those of kernels that no op calls, or not always."""
    x, w = np.zeros((2, 2)), np.zeros((1, 1))
    state = np.zeros(3, np.uint64)
    others = {
        "matmul": (w, w),
        "scale_bias_leaky_relu": (x, x[0], x[0], 0.2),
        "conv_transpose2d_scale_bias_leaky_relu": (
            *(np.zeros(shape) for shape in ((1, 2, 2, 2), (2, 3, 1, 1), (3,), (3,))),
            (2, 2),
            Geometry(),
            0.2,
        ),
        "matmul_gate": (w, w, w, 0.2),
        "matmul_add": (w, w, w),
        "sum_squares": ([x, x],),
        "sgd_update": (x, x, None, np.zeros(4), False),
        "rmsprop_update": (x, x, x, None, None, np.zeros(6)),
        "adam_update": (x, x, x, x, np.zeros(7)),
        "adamw_update": (x, x, x, x, x, np.zeros(8)),
        "philox_uniform": (state, (3,), np.dtype(np.float64)),
        "philox_normal": (state, (3,), np.dtype(np.float64)),
        "choose_classes": (x, np.zeros(2)),
        "update_running_stats": (x[0], x[0], np.array(0), x[0], x[0], 0.1, 2),
    }
    return {**calls_of_the_rows(), **{name: (args, {}) for name, args in others.items()}}


def in_dtype(value: Any, dtype: np.dtype) -> Any:
    """The same arguments with floating-point arrays and dtypes as ``dtype``."""
    if isinstance(value, np.dtype):
        return dtype
    if isinstance(value, np.ndarray):
        return value.astype(dtype) if value.dtype.kind == "f" else value
    return [in_dtype(part, dtype) for part in value] if isinstance(value, list) else value


@COMPILED
@pytest.mark.parametrize("dtype", [np.float16, np.int64, np.dtype(">f4")])
def test_a_kernel_that_refuses_a_dtype_names_itself(
    kernels: ModuleType, dtype: np.dtype, calls: Calls
) -> None:
    assert sorted(calls) == sorted(kernels.__all__)
    for name, (arguments, params) in calls.items():
        with pytest.raises(TypeError, match=name):
            getattr(kernels, name)(*in_dtype(list(arguments), dtype), **params)
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
        "tanh": (x[::-1],),
        "where": (x > 0, x[::-1], np.zeros(())),
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
