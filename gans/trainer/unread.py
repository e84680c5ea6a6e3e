"""Updates on a GPU that nobody waits for: what they tell stays there until many steps are read together."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
from gans.steps import StepResult

__all__ = ["Failure", "Numbers", "UnreadUpdates"]

STEPS = 128
"""Steps between two readings at most. A reading holds the GPU up until the next update is launched, some tens
of microseconds: one part in hundreds of 128 fast steps. CUDA takes about a thousand launches ahead, so that a
host that reads less often would wait there."""


class Numbers(NamedTuple):
    """A StepResult's numbers; NaN for a readout that it does not have."""

    loss: float
    grad_norm: float
    real: float
    fake: float


class Failure(NamedTuple):
    """An update that was not finite: in which of the steps that were read, counted from 0."""

    step: int
    network: str
    numbers: Numbers


class UnreadUpdates:
    """Captured updates of D and G, of which a row of numbers each waits on the device.

    ``steps`` counts the whole steps that are unread; ``state`` is the training's before the first of them, or
    earlier.
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
        self.discriminator_step = mg.capture(_unread(discriminator_step, self._readings))
        self.generator_step = mg.capture(_unread(generator_step, self._readings))
        self.steps = 0
        self.state: dict[str, Any] | None = None
        self._began = 0.0

    @property
    def full(self) -> bool:
        return self.steps == STEPS

    def begin_step(self) -> None:
        """Before the updates of a step; what an interrupted one has left is written over."""
        if self.steps == 0:
            self._began = perf_counter()
        self._readings.unread = self.steps * (self._critic_steps + 1)

    def end_step(self) -> None:
        """After the updates of a step."""
        self.steps += 1

    def drop(self) -> None:
        """Read nothing of what there is."""
        self.steps = self._readings.unread = 0

    def read(self) -> tuple[list[tuple[Numbers, Numbers]], float, Failure | None]:
        """For each step before the first that failed, what D's last and G's update told; the seconds that a
        step took in the mean; the failure.
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
        told = [(Numbers(*updates[-2].tolist()), Numbers(*updates[-1].tolist())) for updates in rows]
        return told, seconds, failure


def _unread(step: Callable[..., StepResult], readings: mg.Readings) -> Callable[..., None]:
    def update(*arguments: Any) -> None:
        readings.write(*step(*arguments, checked=False))

    return update
