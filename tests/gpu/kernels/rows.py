"""A case for kernels without a written one: the rows of the ops that call them (tests/minigrad/ops/cases)."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import ops
from minigrad.dispatch import use_kernels
from minigrad.kernels import cuda as kernels
from minigrad.kernels.cuda.runtime.loading import Source
from minigrad.registry import registry
from tests.gpu.kernels.numpy_calls import cuda
from tests.minigrad.kernels.strategies import Array
from tests.minigrad.ops.cases import CASES, Case
from tests.minigrad.ops.cases.samples import Sample

TYPES = (np.float32, np.float64)
ALIKE = settings(max_examples=10, derandomize=True, database=None, deadline=None, phases=(Phase.generate,))


def exported() -> dict[str, set[str]]:
    """By source file, the kernels that the module with this source exports."""
    found: dict[str, set[str]] = {}
    for module in _modules():
        names = {name for name in kernels.__all__ if getattr(kernels, name).__module__ == module.__name__}
        for value in vars(module).values():
            if names and isinstance(value, Source):
                found.setdefault(value.name, set()).update(names)
    return found


def _modules() -> Iterator[object]:
    for module in pkgutil.walk_packages(kernels.__path__, f"{kernels.__name__}."):
        yield importlib.import_module(module.name)


def rows_of(functions: set[str]) -> list[Case]:
    """The rows of the ops that call these kernels. Raises LookupError for a kernel without a row."""
    rows = [case for case in CASES if case.function in registry]
    called = {case: set(registry[case.function].forward.__code__.co_names) for case in rows}
    without = functions - set().union(*called.values())
    if without:
        raise LookupError(
            f"{', '.join(sorted(without))}: no op that calls it has a row in tests/minigrad/ops/cases. Add "
            "the row, or a written case to tests/gpu/kernels/directed.py"
        )
    return [case for case, names in called.items() if names & functions]


def check_rows(functions: set[str]) -> None:
    """On the rows' samples the CUDA kernels give the reference's results and gradients, in both dtypes."""
    for case in rows_of(functions):
        _check(case)


def _check(case: Case) -> None:
    @ALIKE
    @given(case.samples, st.sampled_from(TYPES))
    def equal(sample: Sample, dtype: type) -> None:
        arrays = [a.astype(dtype) if a.dtype.kind == "f" else a for a in sample.arrays]
        with use_kernels("reference"):
            expected = _results(case, sample, arrays, "cpu")
        device = "cpu" if cuda.cupy is None else "cuda"
        way: AbstractContextManager[None] = use_kernels("cuda") if device == "cpu" else nullcontext()
        with way:
            actual = _results(case, sample, arrays, device)
        for a, e in zip(actual, expected, strict=True):
            assert (a.shape, a.dtype) == (e.shape, e.dtype), case
            scale = max(1.0, float(np.abs(e[np.isfinite(e)]).max(initial=0)))
            tolerance = 1000 * np.finfo(dtype).eps
            np.testing.assert_allclose(
                a / scale, e / scale, rtol=tolerance, atol=tolerance, err_msg=str(case)
            )

    equal()


def _results(case: Case, sample: Sample, arrays: list[Array], device: str) -> list[Array]:
    """The result and its gradients."""
    tensors = [mg.tensor(a, device=device) for a in arrays]
    wanted = [t for t in tensors if t.is_float]
    y = case.call(tensors, **sample.params)
    gradients = mg.grad(y, wanted, grad_output=ops.cos(y), unused="zeros") if y.is_float else []
    return [t.numpy() for t in (y, *gradients)]
