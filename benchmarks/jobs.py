"""A rival's work: a kernel's call or a training step, on one side of the comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from benchmarks import cases, peers
from benchmarks.workloads import Step

Outcome = dict[str, Any]
"""Named arrays and numbers that are compared with those of another side."""


class Job(Protocol):
    """Work that can be compared, and then timed."""

    run: Callable[[], Any]
    """Do the work once more."""

    held: bool
    """Whether the GPU's own time counts, not the host's if that is longer."""

    def outcome(self) -> Outcome:
        """The results of the work from its first state."""


def open_job(side: str, task: cases.Case | Step, device: str = "cpu") -> Job:
    """The work of a task on a side. Raises peers.NotOffered if the side does not do it."""
    peers.load(side).set_threads(peers.threads())
    if isinstance(task, cases.Case):
        return KernelJob(side, task, device)
    from benchmarks.sides import StepJob

    return StepJob(side, task, device)


class KernelJob:
    """A case on a side."""

    held = True

    def __init__(self, side: str, case: cases.Case, device: str = "cpu") -> None:
        self.peer, self.case, self.device = peers.load(side), case, device
        if case.kernel not in self.peer.KERNELS:
            raise peers.NotOffered(f"it has no {case.kernel}")
        self.run = self._bound(self._arguments())

    def outcome(self) -> Outcome:
        arguments = self._arguments()
        result = self._bound(arguments)()
        if self.case.in_place:
            results = [a for a in arguments if hasattr(a, "shape")]
        else:
            results = result if isinstance(result, tuple | list) else [result]
        return {f"result {i}": self.peer.array(a) for i, a in enumerate(results) if a is not None}

    def _arguments(self) -> list[Any]:
        """The case's arguments, with arrays on this side's device."""
        place = self.peer.place
        return [place(a, self.device) if isinstance(a, np.ndarray) else a for a in self.case.arguments()]

    def _bound(self, arguments: list[Any]) -> Callable[[], Any]:
        call: Callable[[], Any] = self.peer.KERNELS[self.case.kernel](*arguments)
        return call


def compulsory_bytes(case: cases.Case, outcome: Outcome) -> int:
    """Each operand read once and each result written once; a case's outcome has its results."""
    operands = [a for a in case.arguments() if isinstance(a, np.ndarray)]
    if case.in_place:
        results = [b for a, b in zip(operands, outcome.values(), strict=True) if not np.array_equal(a, b)]
    else:
        results = list(outcome.values())
    return sum(a.nbytes for a in (*operands, *results))
