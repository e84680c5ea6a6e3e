"""capture: which recording serves a call."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, ops
from minigrad.captures import captured
from minigrad.dispatch import use_kernels
from minigrad.kernels.precision import allow_tf32
from tests.minigrad.captures.steps import Step, arrays_of, numbers
from tests.states import flat

Call = tuple[tuple[Any, ...], dict[str, Any]]


def test_old_recordings_give_way_to_new_ones() -> None:
    step = mg.capture(lambda x: ops.square(x))
    for size in range(1, 3 * captured.KEPT):
        for _ in range(3):
            step(numbers(0, size))
    assert len(step._recordings) == captured.KEPT
    assert step.replays == 3 * captured.KEPT - 1


def test_another_arithmetic_is_another_recording() -> None:
    step = mg.capture(lambda x, y: ops.matmul(x, y))
    for i in range(5):
        for on in (False, True):
            with allow_tf32(on):
                step(numbers(i, 3, 4), numbers(i, 4, 5))
    assert step.replays == 6


def test_another_memory_layout_is_another_recording() -> None:
    step = mg.capture(lambda x, y: ops.matmul(x, y))
    for i in range(6):
        x, y = numbers(i, 3, 4), numbers(i, 3, 5)
        for x_, y_ in ((mg.Tensor(x.data.T), y), (mg.Tensor(x.data.T.copy()), mg.Tensor(y.data[:, ::-1]))):
            assert step(x_, y_).numpy().tolist() == ops.matmul(x_, y_).numpy().tolist()
    assert step.replays == 8


def test_arguments_that_are_one_tensor() -> None:
    def step(x: mg.Tensor, y: mg.Tensor) -> list[mg.Tensor]:
        return mg.grad(ops.sum(x * y), [x, y])

    mine = mg.capture(step)
    for i in range(4):
        x, y = numbers(i, 3), numbers(i + 9, 3)
        assert flat(arrays_of(mine(x, x))) == flat(arrays_of(step(x, x)))
        assert flat(arrays_of(mine(x, y))) == flat(arrays_of(step(x, y)))
    assert mine.replays == 4


def test_a_step_without_a_graph_is_another_recording() -> None:
    def step(x: mg.Tensor) -> mg.Tensor:
        return mg.grad(ops.sum(x * x), [x], unused="zeros")[0]

    mine = mg.capture(step)
    for i in range(4):
        x = numbers(i, 3)
        assert mine(x).numpy().tolist() == (2 * x).numpy().tolist()
        with mg.no_grad():
            assert mine(x).numpy().tolist() == [0, 0, 0]
    assert mine.replays == 4


def test_other_kernels_are_another_recording() -> None:
    step = mg.capture(lambda x: ops.leaky_relu(x, slope=0.2))
    for i in range(4):
        for kernels in ("cpu", "reference"):
            with use_kernels(kernels):
                step(numbers(i, 3))
    assert step.replays == 4


def test_arguments_of_another_dtype_are_another_recording() -> None:
    """Of one size in memory, so that their strides are the same."""
    step = mg.capture(lambda x: x / 2)
    for i in range(4):
        assert step(mg.tensor([1, i])).numpy().tolist() == [0.5, i / 2]
        assert step(mg.tensor([0.5, i], np.float64)).numpy().tolist() == [0.25, i / 2]
    assert step.replays == 4


ONE, TWO = mg.tensor([1, 2]), mg.tensor([3, 4])

TOLD_APART: dict[str, tuple[Step, list[Call]]] = {
    "names": (lambda a=ONE, b=ONE: a - b, [((), {"a": TWO}), ((), {"b": TWO})]),
    "keys": (lambda p: p["a"] - p["b"], [(({"a": ONE, "b": TWO},), {}), (({"b": ONE, "a": TWO},), {})]),
    "lengths": (lambda p, q: ops.stack([*p, *q]) + len(p), [(([], [ONE]), {}), (([ONE], []), {})]),
    "containers": (lambda p: ONE + isinstance(p, list), [(([ONE],), {}), (((ONE,),), {})]),
    "types of numbers": (lambda x, k: x * k, [((ONE, 1), {}), ((ONE, 1.0), {}), ((ONE, True), {})]),
    "zeros and NaN": (lambda k: ONE * k, [((0.0,), {}), ((-0.0,), {}), ((float("nan"),), {})]),
}
"""Steps, and calls of them that differ in one thing."""


@pytest.mark.parametrize("difference", TOLD_APART)
def test_calls_that_differ_have_recordings_of_their_own(difference: str) -> None:
    step, calls = TOLD_APART[difference]
    mine = mg.capture(step)
    for _ in range(4):
        for args, named in calls:
            found, expected = mine(*args, **named), step(*args, **named)
            assert (found.dtype, found.data.tobytes()) == (expected.dtype, expected.data.tobytes())
    assert mine.replays == 2 * len(calls)


def test_a_number_of_the_function_around_a_step_is_read_in_every_call() -> None:
    scale = 2.0
    step = mg.capture(lambda x: x * scale)
    assert [float(step(mg.tensor(1.0))) for _ in range(3)] == [2, 2, 2]
    scale = 3.0
    assert [float(step(mg.tensor(1.0))) for _ in range(3)] == [3, 3, 3]
    assert step.replays == 2


def test_the_process_s_generator_is_itself_among_the_arguments_too() -> None:
    """Draws that name no generator come from it, also when a later call is given another one."""

    def step(rng: np.random.Generator) -> mg.Tensor:
        return mg.random.uniform(3, generator=rng) - mg.random.uniform(3)

    found = []
    for run in (step, mg.capture(step)):
        mg.manual_seed(0)
        rngs = mg.random.generator(), np.random.default_rng(1)
        found.append([run(rngs[i % 2]).numpy().tolist() for i in range(8)])
    assert found[0] == found[1]


def test_objects_among_the_arguments_live_as_long_as_their_recordings() -> None:
    """Another object at the same address would else be taken for them."""

    class Setting:
        scale = 2.0

    setting = Setting()
    step = mg.capture(lambda x, setting: x * setting.scale)
    step(mg.tensor(1.0), setting)
    alive = weakref.ref(setting)
    del setting
    gc.collect()
    assert alive() is not None
    del step
    gc.collect()
    assert alive() is None


def test_attributes_that_hold_tensors_may_be_replaced() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            self.factors = (mg.tensor([1.0, 2.0]), 3.0)

        def forward(self, x: mg.Tensor) -> mg.Tensor:
            return x * self.factors[0] * self.factors[1]

    module = Scaled()
    step = mg.capture(module)
    for factors in ((mg.tensor([1.0, 2.0]), 3.0), (mg.tensor([4.0, 5.0]), 3.0)):
        module.factors = factors
        for _ in range(3):
            assert step(mg.tensor(1.0)).numpy().tolist() == (3 * factors[0]).numpy().tolist()
    module.factors = (*module.factors,)
    step(mg.tensor(1.0))
    assert step.replays == 3
