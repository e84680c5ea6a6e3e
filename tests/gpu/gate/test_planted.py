"""The gate is checked: a kernel with one fault each, and one without, on every target."""

from __future__ import annotations

import pytest

from minigrad.kernels.cuda.runtime.loading import THREADS
from tests.gpu.emulator.sample_kernels import source_of
from tests.gpu.gate import budget
from tests.gpu.gate.compiling import compiled
from tests.gpu.gate.nvrtc import CompileError
from tests.gpu.gate.reading import Needs, needs

TARGETS = pytest.mark.parametrize("target", budget.TARGETS)

ROW = {"registers": 40, "stack": 0, "shared": 0, "mma": 0, "cp_async": 0}

# Each of a thread's VALUES numbers is needed until the last one is read.
HOLDS = """
extern "C" __global__ void __launch_bounds__(BOUNDS) holds(const volatile float* x, volatile float* y) {
  float v[VALUES];
#pragma unroll
  for (int i = 0; i < VALUES; ++i) v[i] = x[i * BOUNDS + threadIdx.x];
#pragma unroll
  for (int i = VALUES - 1; i >= 0; --i) y[i * BOUNDS + threadIdx.x] = v[i];
}
"""


def holding(values: int, target: str, bounds: int = THREADS) -> Needs:
    return needs(compiled(HOLDS, (f"-DVALUES={values}", f"-DBOUNDS={bounds}"), ("holds",), target))["holds"]


def of_sample(kernel: str, file: str, target: str) -> Needs:
    return needs(compiled(source_of(file), (), (kernel,), target))[kernel]


@TARGETS
def test_a_sound_kernel_passes(target: str) -> None:
    sound = holding(8, target)
    assert budget.broken_rules("holds", sound, THREADS) == []
    assert budget.beyond("holds", sound, ROW) == []
    assert budget.beyond("holds", sound, budget.row(sound)) == []


@TARGETS
def test_spilled_registers_fail_whatever_the_budget_says(target: str) -> None:
    spilling = holding(400, target)
    assert spilling.stack > 0
    (fault,) = budget.broken_rules("holds", spilling, THREADS)
    assert "spills" in fault


@TARGETS
def test_too_many_registers_fail(target: str) -> None:
    (fault,) = budget.beyond("holds", holding(100, target), ROW)
    assert "registers=1" in fault
    assert "at most 40" in fault


@TARGETS
@pytest.mark.parametrize("bounds", [THREADS // 2, 2 * THREADS])
def test_launch_bounds_other_than_the_launch_fail(target: str, bounds: int) -> None:
    (fault,) = budget.broken_rules("holds", holding(8, target, bounds), THREADS)
    assert f"launch bounds say {bounds} threads, its launch {THREADS}" in fault


@TARGETS
def test_no_launch_bounds_fail(target: str) -> None:
    text = HOLDS.replace("__launch_bounds__(BOUNDS)", "")
    unbounded = needs(compiled(text, ("-DVALUES=8", "-DBOUNDS=256"), ("holds",), target))["holds"]
    (fault,) = budget.broken_rules("holds", unbounded, THREADS)
    assert "no number of threads" in fault


@TARGETS
def test_a_kernel_that_lost_its_tensor_cores_and_copies_fails(target: str) -> None:
    fast, slow = of_sample("matmul_tf32", "pipelined.cu", target), of_sample("matmul", "matmul.cu", target)
    assert fast.mma > 0
    assert fast.cp_async > 0
    assert budget.beyond("matmul", fast, budget.row(fast)) == []
    row = {**budget.row(slow), "mma": fast.mma, "cp_async": fast.cp_async}
    faults = budget.beyond("matmul", slow, row)
    assert [fault.split()[1] for fault in faults] == ["mma=0,", "cp_async=0,"]


@TARGETS
def test_more_memory_than_the_budget_has_fails(target: str) -> None:
    slow = of_sample("matmul", "matmul.cu", target)
    assert slow.shared > 0
    (fault,) = budget.beyond("matmul", slow, {**budget.row(slow), "shared": slow.shared - 1})
    assert "shared=" in fault
    indexed = holding_by_index(target)
    (fault,) = budget.beyond("indexed", indexed, {**budget.row(indexed), "stack": 0})
    assert "stack=" in fault


def holding_by_index(target: str) -> Needs:
    """An array in local memory, since which element is read is known at run time alone."""
    text = HOLDS.replace("#pragma unroll", "#pragma unroll 1")
    return needs(compiled(text, ("-DVALUES=8", "-DBOUNDS=256"), ("holds",), target))["holds"]


def test_an_instance_without_a_row_fails() -> None:
    (fault,) = budget.beyond("new.cu kernel<float> sm_90", holding(8, "sm_90"), None)
    assert "has no row" in fault


def test_a_source_that_nvrtc_refuses_is_an_error_with_its_log() -> None:
    with pytest.raises(CompileError, match=r"no_such_type"):
        compiled("no_such_type x;", (), (), "sm_90")
