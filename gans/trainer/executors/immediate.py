"""Updates op by op or captured, whose metrics are read after each step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

import minigrad as mg
from gans.trainer.executors.executor import FailedUpdateError, StepMetrics, Steps
from gans.updates import BoundUpdate, Result, Update
from minigrad import nn
from minigrad.devices import numbers
from minigrad.random import snapshot

__all__ = ["Immediate"]


class Immediate:
    """Runs each update op by op, or with ``capture`` as a replay of ``mg.capture``.

    A failed update is repeated with every op checked, from the same random state, so that the error names the
    op, and the rank. Buffers, such as running statistics, which its forward pass moves, are put back.
    """

    def __init__(self, steps: Steps, *, capture: bool) -> None:
        self._steps = steps
        self._capture = capture
        self.updates: dict[Update, Callable[..., Result]] = {}
        """By update, the function that runs it on a system and arguments."""
        self._buffers: dict[int, list[tuple[nn.Module, str]]] = {}
        """By the id of a system, its networks' buffers."""
        self._ready: list[StepMetrics] = []

    @property
    def waiting(self) -> int:
        return len(self._ready)

    def run_step(self) -> None:
        started = perf_counter()
        reported: dict[str, mg.Tensor] = {}

        def run(update: BoundUpdate, *arguments: Any) -> Any:
            result = self._checked(update, *arguments)
            reported.update(result.numbers)
            return result.outputs

        self._steps.run(run)
        values = numbers([t.data for t in reported.values()])
        read = dict(zip(reported, values, strict=True))
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

    def _function(self, update: Update) -> Callable[..., Result]:
        if update not in self.updates:
            self.updates[update] = mg.capture(update.run) if self._capture else update.run
        return self.updates[update]

    def _checked(self, bound: BoundUpdate, *arguments: Any) -> Result:
        update = partial(self._function(bound.update), bound.system, *arguments)
        restore = snapshot(self._steps.rng)
        before = [(getattr(*place), getattr(*place).copy()) for place in self._places(bound.system)]
        try:
            with np.errstate(all="ignore"):
                return update()
        except mg.NonFiniteError as error:
            restore()
            ranks = self._steps.ranks
            with ranks.at_home():
                found = _first_fault(update)
            for buffer, values in before:
                buffer[...] = values
            cause = _cause(ranks.all_gather_object(found and str(found))) or str(error)
            raise FailedUpdateError(self._steps.step + 1, bound.update.name, cause, error) from error

    def _places(self, system: Any) -> list[tuple[nn.Module, str]]:
        if id(system) not in self._buffers:
            networks = [value for value in vars(system).values() if isinstance(value, nn.Module)]
            self._buffers[id(system)] = [
                (module, name)
                for network in networks
                for module in network.modules()
                for name in module._buffer_names
                if getattr(module, name) is not None
            ]
        return self._buffers[id(system)]


def _cause(faults: list[str | None]) -> str | None:
    """The fault of the first rank that has one, with its name if there are several ranks."""
    for rank, fault in enumerate(faults):
        if fault is not None:
            return fault if len(faults) == 1 else f"rank {rank}: {fault}"
    return None


def _first_fault(update: partial[Result]) -> mg.NonFiniteError | None:
    """The error of the first op of the update that makes a NaN or an infinity, if one does."""
    try:
        with np.errstate(all="ignore"), mg.check_finite():
            update()
    except mg.NonFiniteError as error:
        return error
    return None
