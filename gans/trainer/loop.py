"""The training loop, which knows nothing of files and screens: callbacks do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

import minigrad as mg
from gans.data import Dataset
from gans.errors import UserError
from gans.steps import StepResult, discriminator_step, generator_step
from gans.systems import Gan
from gans.trainer.batches import Batches
from gans.trainer.randomness import get_random_state, random_stream, set_random_state
from minigrad.backend import numbers, to_device

__all__ = ["Callback", "DivergedError", "Record", "Training", "train"]


@dataclass(frozen=True)
class Record:
    """What one step tells; a line of metrics.jsonl.

    A step is one update of G after ``critic_steps`` updates of D; what is told of D belongs to the last of
    them. ``d_real`` and ``d_fake`` are D's mean readout: a probability, or a critic's score. ``seconds``
    is the time that the step took.
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
    """An update of D or G made a NaN or an infinity, and therefore changed nothing."""

    def __init__(self, step: int, network: str, cause: str, lr: float) -> None:
        super().__init__(f"step {step} ({network} update): {cause}; try a lower --lr (it is {lr:g})")
        self.step = step


class Training:
    """One GAN being trained on one data set: all that a checkpoint holds, and how to go one step further.

    With ``mg.manual_seed(seed)`` before the GAN is built, the whole training is a function of ``seed``;
    ``capture``, whether the updates are replayed by ``mg.capture``, changes no number.

    :raises UserError: one step needs more images than there are
    """

    def __init__(self, gan: Gan, data: Dataset, seed: int = 0, *, capture: bool = True) -> None:
        settings = gan.settings
        self.gan = gan
        self.seed = seed
        self.batches = Batches(data, settings.batch_size, settings.critic_steps, seed)
        self.rng = random_stream(seed, "training")
        self.step = 0
        self._discriminator_step: Callable[..., StepResult] = discriminator_step
        self._generator_step: Callable[..., StepResult] = generator_step
        self._unseen: dict[str, Callable[[], None]] = {}
        self._last: dict[str, tuple[dict[str, Any], Callable[[], StepResult]]] = {}
        if capture:
            self._discriminator_step = d = mg.capture(discriminator_step)
            self._generator_step = g = mg.capture(generator_step)
            if gan.device != "cpu":  # where an update does not wait to see its numbers
                self._unseen = {"discriminator": d.check, "generator": g.check}

    @property
    def steps_per_epoch(self) -> int:
        return self.batches.steps_per_epoch

    @property
    def epoch(self) -> int:
        """The epoch that the last step belongs to, counted from 1; 0 before the first."""
        return -(-self.step // self.steps_per_epoch)

    @property
    def at_epoch_end(self) -> bool:
        return self.step > 0 and self.step % self.steps_per_epoch == 0

    def advance(self) -> Record:
        """One step of algorithm 1 of Goodfellow et al. 2014: k updates of D, each on new data, then one of G.

        :raises DivergedError: a loss or a gradient is NaN or infinite; it names the op that made it
        """
        gan, settings = self.gan, self.gan.settings
        G, D = gan.generator, gan.discriminator
        started = perf_counter()
        gan.set_learning_rates(self.step)
        for k in range(settings.critic_steps):
            real = mg.Tensor(to_device(self.batches.real(self.step, k, self.rng), gan.device))
            z = gan.latent(settings.batch_size, self.rng)
            update = partial(
                self._discriminator_step, G, D, gan.optimizer_d, gan.objective, real, z, self.rng
            )
            d = self._checked("discriminator", update)
        z = gan.latent(settings.batch_size, self.rng)
        g = self._checked("generator", partial(self._generator_step, G, D, gan.optimizer_g, gan.objective, z))
        told = {
            "loss_d": d.loss,
            "loss_g": g.loss,
            "d_real": d.real,
            "d_fake": d.fake,
            "grad_norm_d": d.grad_norm,
            "grad_norm_g": g.grad_norm,
        }
        known = {name: t.data for name, t in told.items() if t is not None}
        read = dict(zip(known, numbers(list(known.values())), strict=True))
        for network, check in self._unseen.items():
            try:
                check()
            except mg.NonFiniteError as error:
                raise self._diverged(network, error) from error
        self.step += 1
        seconds = round(perf_counter() - started, 6)
        return Record(self.step, self.epoch, **{"d_real": None, **read}, seconds=seconds)

    def state_dict(self) -> dict[str, Any]:
        """All that later steps depend on, ready for ``minigrad.save``."""
        return {"step": self.step, "random": get_random_state(self.rng), "gan": self.gan.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where ``state_dict`` was called: later steps are the same bit for bit."""
        self.gan.load_state_dict(state["gan"])
        set_random_state(self.rng, state["random"])
        self.step = state["step"]

    def _checked(self, network: str, update: Callable[[], StepResult]) -> StepResult:
        """Make an update."""
        self._last[network] = get_random_state(self.rng), update
        try:
            with np.errstate(all="ignore"):
                return update()
        except mg.NonFiniteError as error:
            raise self._diverged(network, error) from error

    def _diverged(self, network: str, cause: mg.NonFiniteError) -> DivergedError:
        """The end of a training whose last update of ``network`` failed, and changed nothing.

        It is repeated from the same random state with every op checked, so that one of them is named.
        """
        before, update = self._last[network]
        set_random_state(self.rng, before)
        try:
            with np.errstate(all="ignore"), mg.check_finite():
                update()
        except mg.NonFiniteError as error:
            cause = error
        return DivergedError(self.step + 1, network, str(cause), self.gan.settings.lr)


class Callback:
    """What `train` tells: override what you need."""

    def on_start(self, training: Training) -> None:
        """Before the first step of this process."""

    def on_step(self, training: Training, record: Record) -> None:
        """After each step; `training.at_epoch_end` tells whether it closed an epoch."""

    def on_end(self, training: Training) -> None:
        """After the last step, also if it was the last because of ``stop``; not after an exception."""


def train(
    training: Training,
    steps: int,
    callbacks: Iterable[Callback] = (),
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Advance ``training`` until ``steps`` steps are done in all, or ``stop()`` is true after a step.

    :raises DivergedError: a step made a NaN or an infinity
    """
    callbacks = tuple(callbacks)
    for callback in callbacks:
        callback.on_start(training)
    while training.step < steps and not stop():
        record = training.advance()
        for callback in callbacks:
            callback.on_step(training, record)
    for callback in callbacks:
        callback.on_end(training)
