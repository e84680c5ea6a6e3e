"""Each executor by itself, on steps that are no GAN's: three updates, two of one name, on two networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.trainer.executors import Deferred, Executor, FailedUpdateError, Immediate, deferred, executor_for
from gans.trainer.executors.executor import RunUpdate
from gans.updates import descend, update
from minigrad import nn, optim
from minigrad.distributed import Alone
from minigrad.random import normal
from tests.states import flat

FAILING = 5


def fit(network: nn.Module, optimizer: optim.Optimizer, x: mg.Tensor, rng: Any) -> dict[str, mg.Tensor]:
    """Fit ``network`` to noise."""
    loss = mg.ops.mean((network(x) - normal((4, 1), generator=rng)) ** 2)
    descent = descend(loss, optimizer)
    return {"loss": loss, "grad_norm": descent.norm, "twice": loss * 2}


class Fits:
    """A step is two updates of one network and one of another; those of the step ``failing`` overflow."""

    def __init__(self, failing: int | None = None, name: str = "second") -> None:
        mg.manual_seed(0)
        self.networks = {name: nn.Linear(2, 1) for name in ("first", "second")}
        self.optimizers = {name: optim.Adam(net.parameters()) for name, net in self.networks.items()}
        self.rng, self.ranks = np.random.default_rng(1), Alone()
        self.step = 0
        self.begun: list[int] = []
        self.outputs: list[float] = []
        self.failing, self._name = failing, name

    @update("first", reports=("loss", "grad_norm", "absent", "twice"))
    def first(self, x: mg.Tensor, rng: Any) -> Any:
        return fit(self.networks["first"], self.optimizers["first"], x, rng)

    @update("second", reports=("loss_2", "grad_norm_2"))
    def second(self, x: mg.Tensor, rng: Any) -> Any:
        numbers = fit(self.networks["second"], self.optimizers["second"], x, rng)
        return {"loss_2": numbers["loss"], "grad_norm_2": numbers["grad_norm"]}, (numbers["twice"].detach(),)

    def run(self, update: RunUpdate) -> None:
        self.begun.append(self.step + 1)
        for name in ("first", "first", "second"):
            large = self.step + 1 == self.failing and name == self._name
            x = mg.tensor(np.full((4, 2), 1e30 if large else self.step, np.float32))
            outputs = update(getattr(self, name), x, self.rng)
            self.outputs += [] if outputs is None else [float(outputs[0])]
        self.step += 1

    def state_dict(self) -> dict[str, Any]:
        parts = {**self.networks, **{f"{name}'s optimizer": o for name, o in self.optimizers.items()}}
        return {
            "step": self.step,
            "rng": self.rng.bit_generator.state,
            "parts": {name: part.state_dict() for name, part in parts.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name in self.networks:
            self.networks[name].load_state_dict(state["parts"][name])
            self.optimizers[name].load_state_dict(state["parts"][f"{name}'s optimizer"])
        self.rng.bit_generator.state = state["rng"]
        self.step = state["step"]


def op_by_op(steps: Fits) -> Executor:
    return Immediate(steps, capture=False)


def captured(steps: Fits) -> Executor:
    return Immediate(steps, capture=True)


def with_deferred_metrics(steps: Fits) -> Executor:
    return Deferred(steps, "cpu")


EXECUTORS = [op_by_op, captured, with_deferred_metrics]

Make = Callable[[Fits], Executor]


def numbers(executor: Executor) -> list[tuple[int, dict[str, float]]]:
    """What is ready, without the time."""
    return [(step, found) for step, found, _ in executor.ready()]


def run_all(executor: Executor, steps: int) -> None:
    for _ in range(steps):
        executor.run_step()
    executor.flush()


def test_all_executors_give_the_same_numbers_and_state() -> None:
    ends = []
    for make in EXECUTORS:
        steps = Fits()
        executor = make(steps)
        run_all(executor, 6)
        ends.append((numbers(executor), steps.outputs, flat(steps.state_dict())))
    assert ends[0] == ends[1] == ends[2]
    found, outputs, _ = ends[0]
    assert [step for step, _ in found] == [1, 2, 3, 4, 5, 6]
    assert list(found[0][1]) == ["loss", "grad_norm", "twice", "loss_2", "grad_norm_2"]
    assert all(made["grad_norm"] > 0 for _, made in found)
    assert all(made["twice"] == 2 * made["loss"] for _, made in found)
    assert outputs == [2 * made["loss_2"] for _, made in found]


def test_the_metrics_of_a_step_are_those_of_the_last_update_that_reports_them() -> None:
    executor = Immediate(Fits(), capture=False)
    run = executor._checked
    results = []

    def noted(bound: Any, *arguments: Any) -> Any:
        result = run(bound, *arguments)
        results.append((bound.update.name, float(result.numbers.get("loss", mg.tensor(0.0)))))
        return result

    executor._checked = noted  # type: ignore[method-assign]
    executor.run_step()
    [(_, found, _)] = executor.ready()
    assert [name for name, _ in results] == ["first", "first", "second"]
    assert results[0][1] != results[1][1] == found["loss"]


@pytest.mark.parametrize("rows", [2, 3])
def test_more_runs_of_an_update_than_its_rows_are_read_in_between(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deferred, "ROWS", rows)
    steps, other = Fits(), Fits()
    few, many = with_deferred_metrics(steps), op_by_op(other)
    run_all(few, 7)
    run_all(many, 7)
    assert numbers(few) == numbers(many)


def test_what_an_update_reports_is_declared() -> None:
    class Wrong(Fits):
        @update("first", reports=("norm",))
        def first(self, x: mg.Tensor, rng: Any) -> Any:
            return {"loss": mg.ops.mean(x)}

    with pytest.raises(ValueError, match=r"the first update reports 'loss', which @update does not declare"):
        op_by_op(Wrong()).run_step()


@pytest.mark.parametrize("returned", [None, 3.0, {"loss": 3.0}, {"loss": mg.zeros(2)}])
def test_what_an_update_returns_is_numbers_by_name(returned: Any) -> None:
    class Wrong(Fits):
        @update("first", reports=("loss",))
        def first(self, x: mg.Tensor, rng: Any) -> Any:
            return returned

    with pytest.raises(TypeError, match=r"the first update re(turned|ports)"):
        op_by_op(Wrong()).run_step()


@pytest.mark.parametrize("make", [op_by_op, captured])
def test_metrics_are_ready_after_each_step(make: Make) -> None:
    executor = make(Fits())
    for step in (1, 2, 3):
        executor.run_step()
        assert executor.waiting == 1
        [metrics] = executor.ready()
        assert (metrics.step, executor.waiting, executor.ready()) == (step, 0, [])
        assert metrics.seconds > 0


def test_deferred_metrics_are_ready_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deferred, "STEPS", 4)
    executor = with_deferred_metrics(Fits())
    for step in (1, 2, 3):
        executor.run_step()
        assert (executor.waiting, executor.ready()) == (step, [])
    executor.run_step()
    assert executor.waiting == 4
    ready = executor.ready()
    assert [metrics.step for metrics in ready] == [1, 2, 3, 4]
    assert len({metrics.seconds for metrics in ready}) == 1
    executor.run_step()
    assert (executor.waiting, executor.ready()) == (1, [])
    executor.flush()
    assert [metrics.step for metrics in executor.ready()] == [5]


@pytest.mark.parametrize("name", ["first", "second"])
@pytest.mark.parametrize("make", EXECUTORS)
def test_a_failure_leaves_the_steps_before_it(make: Make, name: str) -> None:
    healthy = Fits(FAILING, name)
    before = op_by_op(healthy)
    for _ in range(FAILING - 1):
        before.run_step()
    steps = Fits(FAILING, name)
    executor = make(steps)
    with pytest.raises(FailedUpdateError, match=rf"^step 5 \({name} update\): \w+ made an? ") as failed:
        run_all(executor, 9)
    assert (failed.value.step, failed.value.name, steps.step) == (FAILING, name, FAILING - 1)
    assert isinstance(failed.value.found, mg.NonFiniteError)
    assert numbers(executor) == numbers(before)
    assert executor.waiting == 0
    parts = [flat(each.state_dict()["parts"]["first"]) for each in (steps, healthy)]
    if name == "first":  # else the failing step has updated it before the failing update
        assert parts[0] == parts[1]
    assert flat(steps.state_dict()["parts"]["second"]) == flat(healthy.state_dict()["parts"]["second"])


def test_a_deferred_failure_repeats_the_steps_since_the_saved_state() -> None:
    steps = Fits(FAILING)
    executor = with_deferred_metrics(steps)
    for _ in range(2):
        executor.run_step()
    executor.flush()
    executor.saved(steps.state_dict())
    for _ in range(6):
        executor.run_step()
    with pytest.raises(FailedUpdateError):
        executor.flush()
    assert steps.begun == [1, 2, 3, 4, 5, 6, 7, 8, 3, 4, 5]
    assert [metrics.step for metrics in executor.ready()] == [1, 2, 3, 4]

    steps.failing, steps.begun = 7, []
    with pytest.raises(FailedUpdateError):
        run_all(executor, 4)
    assert steps.begun == [5, 6, 7, 8, 5, 6, 7]  # from the state before them, whatever changed it


def test_a_deferred_failure_that_does_not_come_again_has_its_numbers() -> None:
    steps = Fits()
    executor = with_deferred_metrics(steps)
    executor.run_step()
    steps.networks["first"].parameters()[0].data[...] = np.inf  # which no state has
    executor.run_step()
    with pytest.raises(FailedUpdateError, match=r"^step 2 \(first update\): loss is inf, ") as failed:
        executor.flush()
    assert failed.value.found is None


def test_restored_steps_drop_deferred_metrics() -> None:
    steps = Fits()
    executor = with_deferred_metrics(steps)
    start = steps.state_dict()
    for _ in range(3):
        executor.run_step()
    steps.load_state_dict(start)
    executor.restored()
    assert executor.waiting == 0
    executor.run_step()
    executor.flush()
    again = op_by_op(Fits())
    again.run_step()
    assert numbers(executor) == numbers(again)


def test_metrics_are_deferred_where_a_reading_would_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("minigrad.readings.xp_on", lambda device: np)
    chosen = [
        executor_for(Fits(), device, capture=capture)
        for device in ("cpu", "cuda")
        for capture in (True, False)
    ]
    assert list(map(type, chosen)) == [Immediate, Immediate, Deferred, Immediate]
