"""A rival's work: a kernel's call or a training step, on one side of the comparison."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import numpy as np

from benchmarks import cases, peers
from minigrad.dispatch import use_kernels

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


def open_job(side: str, task: tuple[Any, ...], device: str = "cpu") -> Job:
    """``task`` is ("kernel", name, batch) or ("step", name, batch or None)."""
    kind, name, batch = task
    if side in peers.PYTORCH:
        import torch

        torch.set_num_threads(peers.threads())
    if kind == "kernel":
        return KernelJob(side, cases.find(name, batch), device)
    from benchmarks.sides import StepJob

    return StepJob(side, name, batch, device)


def kernels_of_side(side: str) -> AbstractContextManager[None]:
    """The kernels within which a side's jobs are opened and run."""
    return use_kernels("reference") if side == "numpy" else nullcontext()


class KernelJob:
    """A case on a side."""

    held = True

    def __init__(self, side: str, case: cases.Case, device: str = "cpu") -> None:
        self.side, self.case, self.device = side, case, device
        self.run = self._bound(self._arguments())

    def outcome(self) -> Outcome:
        arguments = self._arguments()
        result = self._bound(arguments)()
        if self.case.in_place:
            results = [a for a in arguments if hasattr(a, "shape")]
        else:
            results = result if isinstance(result, tuple | list) else [result]
        return {f"result {i}": self._peer().array(a) for i, a in enumerate(results) if a is not None}

    def _arguments(self) -> list[Any]:
        """The case's arguments, with arrays on this side's device."""
        place = self._peer().place
        return [place(a, self.device) if isinstance(a, np.ndarray) else a for a in self.case.arguments()]

    def _bound(self, arguments: list[Any]) -> Callable[[], Any]:
        name = self.case.peer if self.side == "torch" and self.case.peer else self.case.kernel
        call: Callable[[], Any] = self._peer().bind(name, arguments)
        return call

    def _peer(self) -> Any:
        if self.side == "torch":
            from benchmarks.peers import pytorch

            return pytorch
        from benchmarks.peers import engine

        return engine


def compulsory_bytes(case: cases.Case, outcome: Outcome) -> int:
    """Each operand read once and each result written once; a case's outcome has its results."""
    operands = [a for a in case.arguments() if isinstance(a, np.ndarray)]
    if case.in_place:
        results = [b for a, b in zip(operands, outcome.values(), strict=True) if not np.array_equal(a, b)]
    else:
        results = list(outcome.values())
    return sum(a.nbytes for a in (*operands, *results))
