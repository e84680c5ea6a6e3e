"""Captured updates with deferred metrics: the numbers stay on the GPU until many steps are read at once."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg
from gans.trainer.executors.executor import FailedUpdateError, StepMetrics, Steps
from gans.trainer.executors.immediate import Immediate
from gans.updates import BoundUpdate, Update, deferring

__all__ = ["ROWS", "STEPS", "Deferred"]

STEPS = 128
"""The most steps between two readings. A reading stalls the GPU until the next update is launched, for some
tens of microseconds: a few thousandths of 128 fast steps. CUDA queues about a thousand launches, so a host
that reads less often would wait for the queue."""

ROWS = 1024
"""The most runs of one update between two readings of its numbers."""


class Deferred:
    """Runs captured updates, each of which leaves a row of numbers on ``device``.

    If one of the steps failed, the executor restores the last saved state, or that before the first step,
    repeats the steps up to the failing one, and runs that one op by op, so that the error is the CPU's.
    """

    def __init__(self, steps: Steps, device: str) -> None:
        self._steps = steps
        self._device = device
        self._op_by_op = Immediate(steps, capture=False)
        self.updates: dict[Update, _Deferred] = {}
        self._unread: list[list[_Deferred]] = []
        """For each step that has not been read, its updates in order."""
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
        rows = {update: iter(update.read()) for update in self.updates.values()}
        seconds = (perf_counter() - self._began) / len(self._unread)
        steps, self._unread = self._unread, []
        first = self._steps.step - len(steps) + 1
        for step, updates in enumerate(steps, first):
            numbers: dict[str, float] = {}
            for update in updates:
                finite, *values = next(rows[update])
                own = dict(zip(update.reports, values, strict=True))
                if finite == 0:
                    raise self._failure(step, update, own)
                numbers.update({name: own[name] for name in update.reported})
            self._ready.append(StepMetrics(step, numbers, seconds))

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
        for one in self.updates.values():
            one.keep(sum(updates.count(one) for updates in self._unread))
        ran: list[_Deferred] = []

        def run(update: BoundUpdate, *arguments: Any) -> Any:
            if update.update not in self.updates:
                self.updates[update.update] = _Deferred(update.update, self._device)
            one = self.updates[update.update]
            one.make_room()
            with np.errstate(all="ignore"):  # on the CPU; the reading finds what is not finite
                outputs = one.run(update.system, *arguments)
            ran.append(one)
            return outputs

        self._steps.run(run)
        self._unread.append(ran)

    def _drop(self) -> None:
        self._unread = []
        for update in self.updates.values():
            update.keep(0)

    def _failure(self, step: int, update: _Deferred, numbers: dict[str, float]) -> FailedUpdateError:
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
        said = ", ".join(f"{name} is {numbers[name]:g}" for name in update.reported)
        return FailedUpdateError(step, update.name, f"{said}, and not when the step was repeated")


class _Deferred:
    """One captured update, and the rows that its runs left: whether all was finite, and its numbers."""

    def __init__(self, update: Update, device: str) -> None:
        self.name, self.reports = update.name, update.reports
        self.reported: tuple[str, ...] = ()
        self.run: Callable[..., Any] = mg.capture(self._leave)
        self._update = update
        self._readings = mg.Readings(ROWS, 1 + len(update.reports), device)
        self._read: NDArray[np.float64] = np.empty((0, 1 + len(update.reports)))

    def keep(self, rows: int) -> None:
        """Keep the first ``rows`` of the rows that have not been read."""
        self._read = self._read[:rows]
        self._readings.unread = rows - len(self._read)

    def make_room(self) -> None:
        """Move the rows to the host if the device has no room for one more; waits for the device then."""
        if self._readings.unread == ROWS:
            self._take()

    def read(self) -> NDArray[np.float64]:
        """The rows that have not been read; waits for the device."""
        self._take()
        rows, self._read = self._read, self._read[:0]
        return rows

    def _take(self) -> None:
        self._read = np.concatenate([self._read, self._readings.read()])

    def _leave(self, system: Any, *arguments: Any) -> Any:
        with deferring() as checked:
            numbers, outputs = self._update.run(system, *arguments)
        self.reported = tuple(name for name in self.reports if name in numbers)
        finite = mg.all_finite(*checked) if checked else None
        self._readings.write(finite, *[numbers.get(name) for name in self.reports])
        return outputs
