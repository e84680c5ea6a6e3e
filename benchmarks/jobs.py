"""What a rival is asked to do: a kernel's call or a training step, on one side of the comparison."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import numpy as np

from benchmarks import cases, peers
from minigrad.backend import use_kernels

Outcome = dict[str, Any]
"""Named arrays and numbers, to be compared with those of another side."""


class Job(Protocol):
    """Work that can be compared, and then timed."""

    run: Callable[[], Any]
    """Do the work once more."""

    def outcome(self) -> Outcome:
        """What the work gives when it starts from its first state."""


def open_job(side: str, task: tuple[Any, ...]) -> Job:
    """``task`` is ("kernel", name, batch) or ("step", name, batch or None)."""
    kind, name, batch = task
    if side == "torch":
        import torch

        torch.set_num_threads(peers.threads())
    if kind == "kernel":
        return KernelJob(side, cases.find(name, batch))
    from benchmarks.training import StepJob

    return StepJob(side, name, batch)


def kernels_of_side(side: str) -> AbstractContextManager[None]:
    """The kernels within which a side's jobs are opened and run."""
    return use_kernels("reference") if side == "numpy" else nullcontext()


class KernelJob:
    """A case on a side."""

    def __init__(self, side: str, case: cases.Case) -> None:
        self.side, self.case = side, case
        self.run = self._bound(case.arguments())

    def outcome(self) -> Outcome:
        arguments = self.case.arguments()
        result = self._bound(arguments)()
        if self.case.in_place:
            results = [a for a in arguments if isinstance(a, np.ndarray)]
        else:
            results = self._peer().arrays(result)
        return {f"result {i}": np.array(a) for i, a in enumerate(results) if a is not None}

    def _bound(self, arguments: tuple[Any, ...]) -> Callable[[], Any]:
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
    """Each operand read once and each result written once; a case's outcome tells its results."""
    operands = [a for a in case.arguments() if isinstance(a, np.ndarray)]
    if case.in_place:
        results = [b for a, b in zip(operands, outcome.values(), strict=True) if not np.array_equal(a, b)]
    else:
        results = list(outcome.values())
    return sum(a.nbytes for a in (*operands, *results))
