"""Updates op by op or captured, whose metrics are read after each step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

import minigrad as mg
from gans.steps import StepResult
from gans.trainer.executors.executor import FailedUpdateError, Numbers, StepMetrics, Steps, Update
from minigrad.devices import numbers
from minigrad.random import snapshot

__all__ = ["Immediate"]


class Immediate:
    """Runs each update op by op, or with ``capture`` as a replay of ``mg.capture``.

    A failed update is repeated with every op checked, from the same random state, so that the error names the
    op.
    """

    def __init__(self, steps: Steps, updates: Mapping[str, Update], *, capture: bool) -> None:
        self._steps = steps
        self.updates = {name: mg.capture(update) if capture else update for name, update in updates.items()}
        self._ready: list[StepMetrics] = []

    @property
    def waiting(self) -> int:
        return len(self._ready)

    def run_step(self) -> None:
        started = perf_counter()
        results: dict[str, StepResult] = {}

        def update(name: str, *arguments: Any) -> None:
            results[name] = self._checked(name, *arguments)

        self._steps.run(update)
        read = _numbers(results)
        self._ready.append(StepMetrics(self._steps.step, read, perf_counter() - started))

    def flush(self) -> None:
        pass

    def ready(self) -> list[StepMetrics]:
        ready, self._ready = self._ready, []
        return ready

    def saved(self, state: dict[str, Any]) -> None:
        pass

    def restored(self) -> None:
        pass

    def _checked(self, name: str, *arguments: Any) -> StepResult:
        update = partial(self.updates[name], *arguments)
        restore = snapshot(self._steps.rng)
        try:
            with np.errstate(all="ignore"):
                return update()
        except mg.NonFiniteError as error:
            restore()
            found = _first_fault(update) or error
            raise FailedUpdateError(self._steps.step + 1, name, str(found), error) from error


def _numbers(results: dict[str, StepResult]) -> dict[str, Numbers]:
    """The numbers of the updates, read in one copy."""
    values = iter(numbers([t.data for result in results.values() for t in result if t is not None]))
    return {
        name: Numbers(*[math.nan if t is None else next(values) for t in result])
        for name, result in results.items()
    }


def _first_fault(update: partial[StepResult]) -> mg.NonFiniteError | None:
    """The error of the first op of the update that makes a NaN or an infinity, if one does."""
    try:
        with np.errstate(all="ignore"), mg.check_finite():
            update()
    except mg.NonFiniteError as error:
        return error
    return None
