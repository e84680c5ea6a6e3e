"""Training: a GAN's steps one after the other, without files, screens or callbacks."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, NoReturn, TypeVar

import numpy as np

import minigrad as mg
from gans.data import Dataset
from gans.errors import UserError
from gans.objectives import Objective
from gans.steps import NOT_FINITE, StepResult, discriminator_step, generator_step
from gans.systems import Gan
from gans.trainer.batches import Batches
from gans.trainer.deferred import DeferredUpdates, Failure, Numbers
from gans.trainer.randomness import RunGenerators
from minigrad import nn
from minigrad.devices import numbers, to_device
from minigrad.optim import Optimizer
from minigrad.random import Generator, normal, snapshot

__all__ = ["DivergedError", "Record", "Training"]

R = TypeVar("R")


@dataclass(frozen=True)
class Record:
    """The metrics of one step; a line of metrics.jsonl.

    A step is one update of G after ``critic_steps`` updates of D; D's metrics are those of its last update.
    ``d_real`` and ``d_fake`` are D's mean readout: a probability, or a critic's score. ``seconds`` is the
    time that the step took; for steps whose metrics are deferred, as on a GPU, it is their mean.
    """

    step: int
    epoch: int
    loss_d: float
    loss_g: float
    d_real: float | None
    d_fake: float
    grad_norm_d: float
    grad_norm_g: float
    seconds: float


class DivergedError(UserError):
    """An update of D or G made a NaN or an infinity, and therefore changed nothing.

    ``unreported``: earlier steps whose metrics have not reached the callbacks yet; empty on the CPU.
    """

    def __init__(self, step: int, network: str, cause: str, lr: float) -> None:
        super().__init__(f"step {step} ({network} update): {cause}; try a lower `lr` (it is {lr:g})")
        self.step = step
        self.unreported: list[Record] = []

    @property
    def untold(self) -> NoReturn:
        raise AttributeError("DivergedError.untold is called DivergedError.unreported")


class Training:
    """The training of one GAN on one data set: all that a checkpoint holds, and how to take one more step.

    With ``mg.manual_seed(seed)`` before the GAN is built, the whole training is a function of ``seed`` and of
    the kind of device, since a GPU draws its own noise. ``capture`` replays the updates through
    ``mg.capture``; it changes no number.

    On a GPU the metrics are deferred: the steps run ahead, and the metrics of many steps are read at once. If
    one of these steps failed, the training restores the last saved or loaded state, repeats the steps up to
    the failing one, and runs that one synchronously, so that the error is the CPU's. Changes that you made to
    weights by hand since then are lost; make them through ``load_state_dict``.

    Raises UserError if one step needs more images than there are.
    """

    def __init__(self, gan: Gan, data: Dataset, seed: int = 0, *, capture: bool = True) -> None:
        settings = gan.settings
        self.gan = gan
        self.seed = seed
        self.batches = Batches(data, settings.batch_size, settings.critic_steps, seed)
        self.random = RunGenerators(seed, gan.device)
        self.step = 0
        self._discriminator_step: Callable[..., StepResult] = _discriminator_update
        self._generator_step: Callable[..., StepResult] = _generator_update
        self._deferred: DeferredUpdates | None = None
        self._unreported: list[Record] = []
        if capture and gan.device == "cpu":
            self._discriminator_step = mg.capture(_discriminator_update)
            self._generator_step = mg.capture(_generator_update)
        elif capture:
            self._deferred = DeferredUpdates(
                _discriminator_update, _generator_update, settings.critic_steps, gan.device
            )

    def __repr__(self) -> str:
        what = f"{self.gan.settings.model} on {self.batches.name}"
        return f"Training({what}, step {self.step:,}, epoch {self.epoch})"

    @property
    def rng(self) -> Generator:
        """The generator of latents and penalties."""
        return self.random.noise

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
        return len(self._unreported) + (0 if self._deferred is None else self._deferred.steps)

    @property
    def unread(self) -> NoReturn:
        raise AttributeError("Training.unread is called Training.unreported")

    def advance(self) -> list[Record]:
        """One step of algorithm 1 of Goodfellow et al. 2014: k updates of D, each on new data, then one of G.

        Returns the metrics that are ready, in the order of the steps: this step's on the CPU; on a GPU
        usually none, then those of up to 128 steps at once.

        Raises DivergedError if a loss or a gradient is NaN or infinite; it names the op that made it.
        """
        if self._deferred is None:
            return [self._step()]
        if self._deferred.state is None:
            self.state_dict()
        self._deferred_step(self._deferred)
        return self.read() if self._deferred.full else []

    def read(self) -> list[Record]:
        """The metrics of the steps that ``advance`` has not returned yet; waits for the GPU.

        Raises DivergedError as ``advance`` does, for one of these steps.
        """
        self._read_deferred()
        records, self._unreported = self._unreported, []
        return records

    def state_dict(self) -> dict[str, Any]:
        """All that later steps depend on, ready for ``minigrad.save``; waits and raises as ``read``."""
        self._read_deferred()
        state = {"step": self.step, "random": self.random.get_state(), "gan": self.gan.state_dict()}
        if self._deferred is not None:
            self._deferred.state = deepcopy(state)
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from where ``state_dict`` was called: later steps are the same bit for bit."""
        self.gan.load_state_dict(state["gan"])
        self.random.set_state(state["random"])
        self.step = state["step"]
        if self._deferred is not None:
            self._deferred.drop()
            self._deferred.state = None

    def _epoch_of(self, step: int) -> int:
        return -(-step // self.steps_per_epoch)

    def _step(self) -> Record:
        """A step whose metrics are read at once."""
        started = perf_counter()
        d, g = self._updates(
            partial(self._checked, "discriminator", self._discriminator_step),
            partial(self._checked, "generator", self._generator_step),
        )
        numbers_d, numbers_g = _numbers(d, g)
        return self._record(self.step, numbers_d, numbers_g, perf_counter() - started)

    def _deferred_step(self, deferred: DeferredUpdates) -> None:
        """A step whose metrics stay on the GPU."""
        deferred.begin_step()
        self._updates(deferred.discriminator_step, deferred.generator_step)
        deferred.end_step()

    def _updates(self, discriminator_step: Callable[..., R], generator_step: Callable[..., R]) -> tuple[R, R]:
        """The updates of a step; what the last of each network returns."""
        gan, settings = self.gan, self.gan.settings
        G, D = gan.generator, gan.discriminator
        shape = settings.batch_size, settings.latent
        gan.set_learning_rates(self.step)
        for k in range(settings.critic_steps):
            real = mg.Tensor(to_device(self.batches.real(self.step, k, self.random.data), gan.device))
            d = discriminator_step(G, D, gan.optimizer_d, gan.objective, real, shape, self.rng)
        g = generator_step(G, D, gan.optimizer_g, gan.objective, shape, gan.device, self.rng)
        self.step += 1
        return d, g

    def _record(self, step: int, d: Numbers, g: Numbers, seconds: float) -> Record:
        return Record(
            step=step,
            epoch=self._epoch_of(step),
            loss_d=d.loss,
            loss_g=g.loss,
            d_real=d.real,
            d_fake=d.fake,
            grad_norm_d=d.grad_norm,
            grad_norm_g=g.grad_norm,
            seconds=round(seconds, 6),
        )

    def _read_deferred(self) -> None:
        deferred = self._deferred
        if deferred is None or deferred.steps == 0:
            return
        first = self.step - deferred.steps + 1
        steps, seconds, failure = deferred.read()
        for step, (d, g) in enumerate(steps, first):
            self._unreported.append(self._record(step, d, g, seconds))
        if failure is not None:
            raise self._failed(first + failure.step, failure, deferred)

    def _failed(self, step: int, failure: Failure, deferred: DeferredUpdates) -> DivergedError:
        """The error of ``step``, which failed before the steps that have run since.

        Those are discarded: the training repeats the steps up to the failing update, which changes nothing.
        """
        unreported, self._unreported = self._unreported, []
        assert deferred.state is not None
        self.load_state_dict(deferred.state)
        while self.step < step - 1:
            self._deferred_step(deferred)
            deferred.drop()
        cause = NOT_FINITE.format(failure.numbers.loss, failure.numbers.grad_norm)
        error = DivergedError(step, failure.network, cause, self.gan.settings.lr)
        try:
            self._step()
        except DivergedError as repeated:
            error = repeated
        error.unreported = unreported
        return error

    def _checked(self, network: str, step: Callable[..., StepResult], *arguments: Any) -> StepResult:
        """Make an update; a failure is repeated with every op checked, from the same random state."""
        restore = snapshot(self.rng)
        try:
            with np.errstate(all="ignore"):
                return step(*arguments)
        except mg.NonFiniteError as error:
            restore()
            cause = _named(error, partial(step, *arguments))
            raise DivergedError(self.step + 1, network, str(cause), self.gan.settings.lr) from error


def _numbers(*results: StepResult) -> list[Numbers]:
    """The numbers of the updates, read in one copy."""
    values = iter(numbers([t.data for result in results for t in result if t is not None]))
    found = [[math.nan if t is None else next(values) for t in result] for result in results]
    return [Numbers(*row) for row in found]


def _named(found: mg.NonFiniteError, update: Callable[[], object]) -> mg.NonFiniteError:
    """The error of the first op that makes a NaN or an infinity in the update; ``found`` if none does."""
    try:
        with np.errstate(all="ignore"), mg.check_finite():
            update()
    except mg.NonFiniteError as error:
        return error
    return found


def _discriminator_update(
    G: nn.Module,
    D: nn.Module,
    optimizer: Optimizer,
    objective: Objective,
    real: mg.Tensor,
    shape: tuple[int, int],
    rng: Generator,
    *,
    checked: bool = True,
) -> StepResult:
    """An update of D on fakes from new noise of ``shape``, which a replay draws for itself."""
    z = normal(shape, generator=rng, device=real.device)
    return discriminator_step(G, D, optimizer, objective, real, z, rng, checked=checked)


def _generator_update(
    G: nn.Module,
    D: nn.Module,
    optimizer: Optimizer,
    objective: Objective,
    shape: tuple[int, int],
    device: str,
    rng: Generator,
    *,
    checked: bool = True,
) -> StepResult:
    """An update of G from new noise of ``shape``."""
    z = normal(shape, generator=rng, device=device)
    return generator_step(G, D, optimizer, objective, z, checked=checked)
