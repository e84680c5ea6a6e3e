"""The steps of a GAN's training: which updates each one has, on which data, from which noise."""

from __future__ import annotations

from typing import Any

import minigrad as mg
from gans.data import Dataset
from gans.objectives import Objective
from gans.steps import StepResult, discriminator_step, generator_step
from gans.systems import Gan
from gans.trainer.batches import Batches
from gans.trainer.executors.executor import RunUpdate, Update
from gans.trainer.randomness import RunGenerators
from minigrad import nn
from minigrad.devices import to_device
from minigrad.optim import Optimizer
from minigrad.random import Generator, normal

__all__ = ["UPDATES", "Algorithm"]


class Algorithm:
    """Algorithm 1 of Goodfellow et al. 2014: a step is k updates of D, each on new data, then one of G.

    It holds all that the steps change: the GAN, the generators of random numbers, the count of steps.
    """

    def __init__(self, gan: Gan, data: Dataset, seed: int) -> None:
        settings = gan.settings
        self.gan = gan
        self.batches = Batches(data, settings.batch_size, settings.critic_steps, seed)
        self.random = RunGenerators(seed, gan.device)
        self.step = 0

    @property
    def updates_per_step(self) -> int:
        return self.gan.settings.critic_steps + 1

    @property
    def rng(self) -> Generator:
        """The generator of latents and penalties."""
        return self.random.noise

    def run(self, update: RunUpdate) -> None:
        """Call ``update`` for each update of the next step, in order, and count the step."""
        gan, settings = self.gan, self.gan.settings
        G, D = gan.generator, gan.discriminator
        shape = settings.batch_size, settings.latent
        gan.set_learning_rates(self.step)
        for k in range(settings.critic_steps):
            real = mg.Tensor(to_device(self.batches.real(self.step, k, self.random.data), gan.device))
            update("discriminator", G, D, gan.optimizer_d, gan.objective, real, shape, self.rng)
        update("generator", G, D, gan.optimizer_g, gan.objective, shape, gan.device, self.rng)
        self.step += 1

    def state_dict(self) -> dict[str, Any]:
        """All that later steps depend on, ready for ``minigrad.save``."""
        return {"step": self.step, "random": self.random.get_state(), "gan": self.gan.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from where ``state_dict`` was called: later steps are the same bit for bit."""
        self.gan.load_state_dict(state["gan"])
        self.random.set_state(state["random"])
        self.step = state["step"]


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


UPDATES: dict[str, Update] = {"discriminator": _discriminator_update, "generator": _generator_update}
"""The updates that ``Algorithm.run`` calls for, by their names."""
