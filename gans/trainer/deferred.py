"""Updates with deferred metrics: the numbers stay on the GPU until those of many steps are read at once."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
from gans.steps import StepResult

__all__ = ["Failure", "Numbers", "DeferredUpdates"]

STEPS = 128
"""The most steps between two readings. A reading stalls the GPU until the next update is launched, for some
tens of microseconds: a few thousandths of 128 fast steps. CUDA queues about a thousand launches, so a host
that reads less often would wait for the queue."""


class Numbers(NamedTuple):
    """A StepResult's numbers; NaN for a readout that it does not have."""

    loss: float
    grad_norm: float
    real: float
    fake: float


class Failure(NamedTuple):
    """An update whose loss or gradient is not finite; ``step`` counts from 0 within the reading."""

    step: int
    network: str
    numbers: Numbers


class DeferredUpdates:
    """Captured updates of D and G; each leaves a row of numbers on the device.

    ``steps`` counts the whole steps that have not been read; ``state`` is the training's state before the
    first of them, or an earlier one.
    """

    def __init__(
        self,
        discriminator_step: Callable[..., StepResult],
        generator_step: Callable[..., StepResult],
        critic_steps: int,
        device: str,
    ) -> None:
        self._critic_steps = critic_steps
        self._readings = mg.Readings(STEPS * (critic_steps + 1), len(Numbers._fields), device)
        self.discriminator_step = mg.capture(_deferred(discriminator_step, self._readings))
        self.generator_step = mg.capture(_deferred(generator_step, self._readings))
        self.steps = 0
        self.state: dict[str, Any] | None = None
        self._began = 0.0

    @property
    def full(self) -> bool:
        return self.steps == STEPS

    def begin_step(self) -> None:
        """Call it before the updates of a step; it overwrites the rows of an interrupted step."""
        if self.steps == 0:
            self._began = perf_counter()
        self._readings.unread = self.steps * (self._critic_steps + 1)

    def end_step(self) -> None:
        """Call it after the updates of a step."""
        self.steps += 1

    def drop(self) -> None:
        """Discard the rows that have not been read."""
        self.steps = self._readings.unread = 0

    def read(self) -> tuple[list[tuple[Numbers, Numbers]], float, Failure | None]:
        """For each step before the first failure, the numbers of D's last and of G's update; the mean seconds
        of a step; the failure.
        """
        rows = self._readings.read().reshape(self.steps, self._critic_steps + 1, -1)
        seconds = (perf_counter() - self._began) / self.steps
        self.steps = 0
        failed = np.argwhere(~np.isfinite(rows[:, :, :2]).all(axis=-1))
        failure = None
        if len(failed):
            step, update = failed[0].tolist()
            network = "discriminator" if update < self._critic_steps else "generator"
            failure = Failure(step, network, Numbers(*rows[step, update].tolist()))
            rows = rows[:step]
        numbers = [(Numbers(*updates[-2].tolist()), Numbers(*updates[-1].tolist())) for updates in rows]
        return numbers, seconds, failure


def _deferred(step: Callable[..., StepResult], readings: mg.Readings) -> Callable[..., None]:
    def update(*arguments: Any) -> None:
        readings.write(*step(*arguments, checked=False))

    return update
