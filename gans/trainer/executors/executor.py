"""What an executor does, and what it needs of the steps that it runs."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import minigrad as mg
from gans.updates import BoundUpdate
from minigrad.distributed import Communicator
from minigrad.random import Generator

__all__ = ["Executor", "FailedUpdateError", "RunUpdate", "StepMetrics", "Steps"]


class RunUpdate(Protocol):
    """Runs an update and returns the Tensors that it made for the step."""

    def __call__(self, update: BoundUpdate, *arguments: Any) -> Any: ...


class Steps(Protocol):
    """Steps of updates, and the state that decides each of them.

    ``step`` counts the steps that are done. Updates draw from ``rng``, and are those of one of ``ranks``.
    """

    step: int
    ranks: Communicator

    @property
    def rng(self) -> Generator: ...

    def run(self, update: RunUpdate) -> None:
        """Call ``update`` for each update of the next step, in order, and count the step."""

    def state_dict(self) -> dict[str, Any]:
        """All that later steps depend on."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from where ``state_dict`` was called."""


class StepMetrics(NamedTuple):
    """The numbers of one step by name; of several updates that report a name, the last one's."""

    step: int
    numbers: dict[str, float]
    seconds: float


class FailedUpdateError(Exception):
    """The update ``name`` of ``step`` made a NaN or an infinity, and therefore changed nothing.

    ``found`` is the engine's error; None if the update did not fail again when it was repeated.
    """

    def __init__(self, step: int, name: str, cause: str, found: mg.NonFiniteError | None = None) -> None:
        super().__init__(f"step {step} ({name} update): {cause}")
        self.step, self.name, self.cause, self.found = step, name, cause, found


class Executor(Protocol):
    """Runs steps and reads their metrics, at once or later.

    After a ``FailedUpdateError`` the steps stand before the failing one, and ``ready`` has the metrics of the
    steps before it.
    """

    @property
    def waiting(self) -> int:
        """The number of steps that have run and whose metrics ``ready`` has not returned."""

    def run_step(self) -> None:
        """Run the updates of the next step.

        Raises FailedUpdateError if the loss or a gradient of one is NaN or infinite; with deferred metrics
        it may be one of an earlier step.
        """

    def flush(self) -> None:
        """Make the metrics of all steps ready; waits for the device, and raises as ``run_step``."""

    def ready(self) -> list[StepMetrics]:
        """The metrics that are ready, in the order of the steps; each is returned once."""

    def saved(self, state: dict[str, Any]) -> None:
        """Take note that ``state`` is that of the steps, right after ``flush``."""

    def restored(self) -> None:
        """Take note that the steps have another state now: metrics that are not ready are dropped."""
