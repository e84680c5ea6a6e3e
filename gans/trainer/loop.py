"""Training: a system's steps one after the other, without files, screens or callbacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, NoReturn

from gans.data import Dataset
from gans.errors import UserError
from gans.systems import System
from gans.trainer.algorithm import Algorithm
from gans.trainer.batches import ALONE, Batches
from gans.trainer.executors import FailedUpdateError, RunUpdate, StepMetrics, executor_for
from gans.trainer.randomness import RunGenerators
from minigrad.distributed import Communicator
from minigrad.random import Generator

__all__ = ["DivergedError", "Record", "Training"]


@dataclass(frozen=True)
class Record:
    """The metrics of one step; a line of metrics.jsonl.

    ``numbers`` are those that the step's updates reported, by name; each is an attribute too, such as
    ``record.loss_g``. None stands for a number that is not finite. ``seconds`` is the time that the step
    took; for steps whose metrics are deferred, as on a GPU, it is their mean.

    >>> Record(step=1, epoch=1, numbers={"loss_g": 0.7}, seconds=0.1).loss_g
    0.7
    """

    step: int
    epoch: int
    numbers: Mapping[str, float | None]
    seconds: float

    def __getattr__(self, name: str) -> Any:
        numbers = self.__dict__.get("numbers", {})
        if name in numbers:
            return numbers[name]
        raise AttributeError(f"the record has no {name!r} (it has {', '.join(numbers)})")

    def line(self) -> dict[str, Any]:
        """All of it as one flat dict, as metrics.jsonl keeps it."""
        return {"step": self.step, "epoch": self.epoch, **self.numbers, "seconds": self.seconds}


class DivergedError(UserError):
    """An update made a NaN or an infinity, and therefore changed nothing.

    ``unreported``: earlier steps whose metrics have not reached the callbacks yet; empty on the CPU.
    """

    def __init__(self, step: int, update: str, cause: str, lr: float | None = None) -> None:
        now = "" if lr is None else f" (it is {lr:g})"
        super().__init__(f"step {step} ({update} update): {cause}; try a lower `lr`{now}")
        self.step = step
        self.unreported: list[Record] = []

    @property
    def untold(self) -> NoReturn:
        raise AttributeError("DivergedError.untold is called DivergedError.unreported")


class Training:
    """The training of one system on one data set: takes steps, and saves and restores its whole state.

    With ``mg.manual_seed(seed)`` before the system is built, the whole training is a function of ``seed`` and
    of the kind of device, since a GPU draws its own noise. ``capture`` replays the updates through
    ``mg.capture``; it changes no number.

    On a GPU the metrics are deferred: the steps run ahead, and the metrics of many steps are read at once. If
    one of these steps failed, the training restores the last saved or loaded state, repeats the steps up to
    the failing one, and runs that one synchronously, so that the error is the CPU's. Changes that you made to
    weights by hand since then are lost; make them through ``load_state_dict``. docs/metrics.md says what each
    metric is.

    As one of several ``ranks``, each in a process of its own, it computes its share of every batch: the
    training is that of one process but for rounding, and the state does not depend on their number. Every
    rank takes the same steps. Layers with batch statistics need ``minigrad.nn.synchronised``.

    Raises UserError if one step needs more images than there are.
    """

    def __init__(
        self,
        system: System,
        data: Dataset,
        seed: int = 0,
        *,
        capture: bool = True,
        ranks: Communicator = ALONE,
    ) -> None:
        self.seed = seed
        self.ranks = ranks
        self._algorithm = Algorithm(system, data, seed, ranks)
        self._executor = executor_for(self._algorithm, system.device, capture=capture)

    def __repr__(self) -> str:
        what = f"{self.system.settings.model} on {self.batches.name}"
        return f"Training({what}, step {self.step:,}, epoch {self.epoch})"

    @property
    def system(self) -> System:
        return self._algorithm.system

    @property
    def gan(self) -> NoReturn:
        raise AttributeError("Training.gan is called Training.system")

    @property
    def batches(self) -> Batches:
        return self._algorithm.batches

    @property
    def random(self) -> RunGenerators:
        return self._algorithm.random

    @property
    def rng(self) -> Generator:
        """The generator of noise."""
        return self._algorithm.rng

    @property
    def step(self) -> int:
        """The number of steps that are done."""
        return self._algorithm.step

    @property
    def steps_per_epoch(self) -> int:
        return self.batches.steps_per_epoch

    @property
    def epoch(self) -> int:
        """The epoch that the last step belongs to, counted from 1; 0 before the first."""
        return self._epoch_of(self.step)

    @property
    def at_epoch_end(self) -> bool:
        return self.step > 0 and self.step % self.steps_per_epoch == 0

    @property
    def unreported(self) -> int:
        """The number of steps whose metrics ``read`` would return."""
        return self._executor.waiting

    @property
    def unread(self) -> NoReturn:
        raise AttributeError("Training.unread is called Training.unreported")

    def advance(self) -> list[Record]:
        """One step of the system: for GAN, ``critic_steps`` updates of D, each on new data, then one of G.

        Returns the metrics that are ready, in the order of the steps: this step's on the CPU; on a GPU
        usually none, then those of up to 128 steps at once.

        Raises DivergedError if a loss or a gradient is NaN or infinite; it names the op that made it.
        """
        self._execute(self._executor.run_step)
        return self._ready()

    def step_through(self, run: RunUpdate) -> None:
        """One step whose updates ``run(update, *arguments)`` runs in place of the training: to look into it.

        ``run`` returns the outputs of the update, which the step may go on with. Nothing is reported.
        """
        self._algorithm.run(run)

    def read(self) -> list[Record]:
        """The metrics of the steps that ``advance`` has not returned yet; waits for the GPU.

        Raises DivergedError as ``advance`` does, for one of these steps.
        """
        self._execute(self._executor.flush)
        return self._ready()

    def state_dict(self) -> dict[str, Any]:
        """All that later steps depend on, ready for ``minigrad.save``; waits and raises as ``read``."""
        self._execute(self._executor.flush)
        state = self._algorithm.state_dict()
        self._executor.saved(state)
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from where ``state_dict`` was called: later steps are the same bit for bit."""
        self._algorithm.load_state_dict(state)
        self._executor.restored()

    def _execute(self, work: Callable[[], None]) -> None:
        try:
            work()
        except FailedUpdateError as failed:
            lr = getattr(self.system.settings, "lr", None)
            error = DivergedError(failed.step, failed.name, failed.cause, lr)
            error.unreported = self._ready()
            raise error from failed.found

    def _ready(self) -> list[Record]:
        return [self._record(metrics) for metrics in self._executor.ready()]

    def _record(self, metrics: StepMetrics) -> Record:
        numbers = {name: value if isfinite(value) else None for name, value in metrics.numbers.items()}
        return Record(metrics.step, self._epoch_of(metrics.step), numbers, round(metrics.seconds, 6))

    def _epoch_of(self, step: int) -> int:
        return -(-step // self.steps_per_epoch)
