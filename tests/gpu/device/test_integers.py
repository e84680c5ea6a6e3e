"""Labels and tokens on a device: in one CUDA graph, nothing read, the CPU's integers."""

from __future__ import annotations

from types import ModuleType

import numpy as np

import minigrad as mg
from minigrad.random import Philox
from tests.gpu.device.conftest import Copies
from tests.minigrad.captures.integer_steps import integer_arguments, run
from tests.minigrad.captures.steps import arrays_of
from tests.states import flat


def test_a_captured_step_is_the_step_itself_and_reads_nothing(cupy: ModuleType, copies: Copies) -> None:
    plain, state, _ = run(lambda step: step, Philox(1, device="cuda"), "cuda")
    captured, other, step = run(mg.capture, Philox(1, device="cuda"), "cuda")
    assert step.replays == 4
    assert flat(arrays_of(captured)) == flat(arrays_of(plain))
    assert flat(other) == flat(state)
    assert len({str(result[3].tolist()) for result in captured}) == len(captured)
    arguments, rng = integer_arguments(9, "cuda"), Philox(1, device="cuda")
    for _ in range(5):
        copies.reset()
        step(*arguments, rng)
    copies.check(reads=0, writes=1, launches=1)  # what is written is the optimizer's learning rate


def test_the_integers_are_the_cpu_s(cupy: ModuleType) -> None:
    expected, state, _ = run(lambda step: step, Philox(1), "cpu", count=3)
    found, other, _ = run(mg.capture, Philox(1, device="cuda"), "cuda", count=3)
    for mine, its in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine[0].item(), its[0].item(), rtol=1e-5)
        for a, b in zip([*mine[2].values(), *mine[3:]], [*its[2].values(), *its[3:]], strict=True):
            assert a.device == "cuda"
            assert a.dtype == np.int64
            np.testing.assert_array_equal(a.numpy(), b.numpy())
    for name, array in state.items():
        np.testing.assert_allclose(other[name], array, rtol=1e-4, atol=1e-6)
