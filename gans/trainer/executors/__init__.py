"""Executors: how the updates of a training run, and when their metrics are read."""

from __future__ import annotations

from gans.trainer.executors.deferred import Deferred
from gans.trainer.executors.executor import Executor, FailedUpdateError, RunUpdate, StepMetrics, Steps
from gans.trainer.executors.immediate import Immediate

__all__ = [
    "Deferred",
    "Executor",
    "FailedUpdateError",
    "Immediate",
    "RunUpdate",
    "StepMetrics",
    "Steps",
    "executor_for",
]


def executor_for(steps: Steps, device: str, *, capture: bool) -> Executor:
    """The executor for ``device``; with ``capture``, metrics are deferred on every device but the CPU."""
    if capture and device != "cpu":
        return Deferred(steps, device)
    return Immediate(steps, capture=capture)
