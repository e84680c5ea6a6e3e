"""Executors: how the updates of a training run, and when their metrics are read."""

from __future__ import annotations

from collections.abc import Mapping

from gans.trainer.executors.deferred import Deferred
from gans.trainer.executors.executor import Executor, FailedUpdateError, Numbers, StepMetrics, Steps, Update
from gans.trainer.executors.immediate import Immediate

__all__ = [
    "Deferred",
    "Executor",
    "FailedUpdateError",
    "Immediate",
    "Numbers",
    "StepMetrics",
    "Steps",
    "Update",
    "executor_for",
]


def executor_for(steps: Steps, updates: Mapping[str, Update], device: str, *, capture: bool) -> Executor:
    """The executor for ``device``; with ``capture``, metrics are deferred on every device but the CPU."""
    if capture and device != "cpu":
        return Deferred(steps, updates, device)
    return Immediate(steps, updates, capture=capture)
