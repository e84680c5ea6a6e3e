"""Captured updates with deferred metrics: the numbers stay on the GPU until many steps are read at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg
from gans.steps import NOT_FINITE
from gans.trainer.executors.executor import FailedUpdateError, Numbers, StepMetrics, Steps, Update
from gans.trainer.executors.immediate import Immediate

__all__ = ["STEPS", "Deferred"]

STEPS = 128
"""The most steps between two readings. A reading stalls the GPU until the next update is launched, for some
tens of microseconds: a few thousandths of 128 fast steps. CUDA queues about a thousand launches, so a host
that reads less often would wait for the queue."""


class Deferred:
    """Runs captured updates, each of which leaves a row of numbers on ``device``.

    If one of the steps failed, the executor restores the last saved state, or that before the first step,
    repeats the steps up to the failing one, and runs that one op by op, so that the error is the CPU's.
    """

    def __init__(self, steps: Steps, updates: Mapping[str, Update], device: str) -> None:
        self._steps = steps
        self._op_by_op = Immediate(steps, updates, capture=False)
        self._readings = mg.Readings(STEPS * steps.updates_per_step, len(Numbers._fields), device)
        self.updates = {
            name: mg.capture(_leaving(update, self._readings)) for name, update in updates.items()
        }
        self._unread: list[list[str]] = []
        """For each step that has not been read, the names of its updates in order."""
        self._ready: list[StepMetrics] = []
        self._state: dict[str, Any] | None = None
        self._began = 0.0

    @property
    def waiting(self) -> int:
        return len(self._ready) + len(self._unread)

    def run_step(self) -> None:
        if self._state is None:
            self.saved(self._steps.state_dict())
        self._run_deferred()
        if len(self._unread) == STEPS:
            self.flush()

    def flush(self) -> None:
        if not self._unread:
            return
        rows = self._readings.read()
        seconds = (perf_counter() - self._began) / len(self._unread)
        steps, self._unread = self._unread, []
        first = self._steps.step - len(steps) + 1
        for step, names in enumerate(steps, first):
            own, rows = rows[: len(names)], rows[len(names) :]
            failed = np.flatnonzero(~np.isfinite(own[:, :2]).all(axis=1))
            if len(failed):
                raise self._failure(step, names[failed[0]], Numbers(*own[failed[0]].tolist()))
            self._ready.append(StepMetrics(step, _last_of_each(names, own), seconds))

    def ready(self) -> list[StepMetrics]:
        ready, self._ready = self._ready, []
        return ready

    def saved(self, state: dict[str, Any]) -> None:
        self._state = deepcopy(state)

    def restored(self) -> None:
        self._drop()
        self._state = None

    def _run_deferred(self) -> None:
        """A step whose metrics stay on the GPU; it overwrites the rows of an interrupted one."""
        if not self._unread:
            self._began = perf_counter()
        self._readings.unread = sum(map(len, self._unread))
        names: list[str] = []

        def update(name: str, *arguments: Any) -> None:
            with np.errstate(all="ignore"):  # on the CPU; the reading finds what is not finite
                self.updates[name](*arguments)
            names.append(name)

        self._steps.run(update)
        self._unread.append(names)

    def _drop(self) -> None:
        self._unread = []
        self._readings.unread = 0

    def _failure(self, step: int, name: str, numbers: Numbers) -> FailedUpdateError:
        """The error of ``step``, which failed before the steps that have run since.

        Those are discarded: the steps up to the failing update, which changes nothing, run once more.
        """
        assert self._state is not None
        self._steps.load_state_dict(self._state)
        self.restored()
        while self._steps.step < step - 1:
            self._run_deferred()
            self._drop()
        try:
            self._op_by_op.run_step()
        except FailedUpdateError as repeated:
            return repeated
        self._op_by_op.ready()
        return FailedUpdateError(step, name, NOT_FINITE.format(numbers.loss, numbers.grad_norm))


def _leaving(update: Update, readings: mg.Readings) -> Callable[..., None]:
    def deferred(*arguments: Any) -> None:
        readings.write(*update(*arguments, checked=False))

    return deferred


def _last_of_each(names: list[str], rows: NDArray[np.float64]) -> dict[str, Numbers]:
    return {name: Numbers(*row) for name, row in zip(names, rows.tolist(), strict=True)}
