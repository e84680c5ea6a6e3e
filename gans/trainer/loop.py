"""Training: a GAN's steps one after the other, without files, screens or callbacks."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, TypeVar

import numpy as np

import minigrad as mg
from gans.data import Dataset
from gans.errors import UserError
from gans.objectives import Objective
from gans.steps import NOT_FINITE, StepResult, discriminator_step, generator_step
from gans.systems import Gan
from gans.trainer.batches import Batches
from gans.trainer.randomness import RunGenerators
from gans.trainer.unread import Failure, Numbers, UnreadUpdates
from minigrad import nn
from minigrad.backend import numbers, to_device
from minigrad.optim import Optimizer
from minigrad.random import Generator, normal, snapshot

__all__ = ["DivergedError", "Record", "Training"]

R = TypeVar("R")


@dataclass(frozen=True)
class Record:
    """What one step tells; a line of metrics.jsonl.

    A step is one update of G after ``critic_steps`` updates of D; what is told of D belongs to the last of
    them. ``d_real`` and ``d_fake`` are D's mean readout: a probability, or a critic's score. ``seconds``
    is the time that the step took; of steps that are read together, as on a GPU, their mean.
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

    ``untold`` are the steps before it that nobody has been told of: none, but where they are read together.
    """

    def __init__(self, step: int, network: str, cause: str, lr: float) -> None:
        super().__init__(f"step {step} ({network} update): {cause}; try a lower `lr` (it is {lr:g})")
        self.step = step
        self.untold: list[Record] = []


class Training:
    """One GAN being trained on one data set: all that a checkpoint holds, and how to go one step further.

    With ``mg.manual_seed(seed)`` before the GAN is built, the whole training is a function of ``seed`` and of
    the kind of device, since a GPU draws its own noise; ``capture``, whether the updates are replayed by
    ``mg.capture``, changes no number.

    On a GPU replays are not waited for, and steps are read many at a time. If one of them turns out to have
    failed, the training goes back to the state that was saved or loaded last, repeats what came after it, and
    the failing update as one that waits: it ends as it would have on the CPU. What others did to weights in
    between is lost then, so hand such changes over by ``load_state_dict``.

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
        self._unread: UnreadUpdates | None = None
        self._untold: list[Record] = []
        if capture and gan.device == "cpu":
            self._discriminator_step = mg.capture(_discriminator_update)
            self._generator_step = mg.capture(_generator_update)
        elif capture:
            self._unread = UnreadUpdates(
                _discriminator_update, _generator_update, settings.critic_steps, gan.device
            )

    def __repr__(self) -> str:
        what = f"{self.gan.settings.model} on {self.batches.name}"
        return f"Training({what}, step {self.step:,}, epoch {self.epoch})"

    @property
    def rng(self) -> Generator:
        """What latents and penalties are drawn from."""
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
    def unread(self) -> int:
        """How many steps ``read`` would tell of."""
        return len(self._untold) + (0 if self._unread is None else self._unread.steps)

    def advance(self) -> list[Record]:
        """One step of algorithm 1 of Goodfellow et al. 2014: k updates of D, each on new data, then one of G.

        What there is to tell by now, in the order of the steps: of this one, or on a GPU of none until there
        are many.

        Raises DivergedError if a loss or a gradient is NaN or infinite; it names the op that made it.
        """
        if self._unread is None:
            return [self._step()]
        if self._unread.state is None:
            self.state_dict()
        self._unread_step(self._unread)
        return self.read() if self._unread.full else []

    def read(self) -> list[Record]:
        """What there is to tell of the steps that ``advance`` has not told of; waits for the GPU.

        Raises DivergedError as ``advance`` does, for one of these steps.
        """
        self._read_unread()
        told, self._untold = self._untold, []
        return told

    def state_dict(self) -> dict[str, Any]:
        """All that later steps depend on, ready for ``minigrad.save``; waits and raises as ``read``."""
        self._read_unread()
        state = {"step": self.step, "random": self.random.get_state(), "gan": self.gan.state_dict()}
        if self._unread is not None:
            self._unread.state = deepcopy(state)
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where ``state_dict`` was called: later steps are the same bit for bit."""
        self.gan.load_state_dict(state["gan"])
        self.random.set_state(state["random"])
        self.step = state["step"]
        if self._unread is not None:
            self._unread.drop()
            self._unread.state = None

    def _epoch_of(self, step: int) -> int:
        return -(-step // self.steps_per_epoch)

    def _step(self) -> Record:
        """A step whose numbers are waited for."""
        started = perf_counter()
        d, g = self._updates(
            partial(self._checked, "discriminator", self._discriminator_step),
            partial(self._checked, "generator", self._generator_step),
        )
        told_d, told_g = _numbers(d, g)
        return self._record(self.step, told_d, told_g, perf_counter() - started)

    def _unread_step(self, unread: UnreadUpdates) -> None:
        """A step whose numbers stay on the GPU."""
        unread.begin_step()
        self._updates(unread.discriminator_step, unread.generator_step)
        unread.end_step()

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

    def _read_unread(self) -> None:
        unread = self._unread
        if unread is None or unread.steps == 0:
            return
        first = self.step - unread.steps + 1
        steps, seconds, failure = unread.read()
        for step, (d, g) in enumerate(steps, first):
            self._untold.append(self._record(step, d, g, seconds))
        if failure is not None:
            raise self._failed(first + failure.step, failure, unread)

    def _failed(self, step: int, failure: Failure, unread: UnreadUpdates) -> DivergedError:
        """The end of a training of which ``step`` failed, and others were made since.

        Nothing of these is kept: the steps are repeated up to the failing update, which then changes nothing.
        """
        untold, self._untold = self._untold, []
        assert unread.state is not None
        self.load_state_dict(unread.state)
        while self.step < step - 1:
            self._unread_step(unread)
            unread.drop()
        cause = NOT_FINITE.format(failure.numbers.loss, failure.numbers.grad_norm)
        error = DivergedError(step, failure.network, cause, self.gan.settings.lr)
        try:
            self._step()
        except DivergedError as repeated:
            error = repeated
        error.untold = untold
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
    """What updates have told, read in one copy."""
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
