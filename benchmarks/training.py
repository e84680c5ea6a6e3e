"""The training steps that are timed, on minigrad's side: networks, objective, data and one function each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
from gans import systems
from gans.objectives import Objective
from gans.systems.two_player import TwoPlayer
from minigrad import Tensor
from minigrad.devices import to_device
from minigrad.optim import Optimizer

BATCHES = 8
"""Batches that the timed steps use in a cycle, drawn beforehand on every side."""


class Networks(NamedTuple):
    """Modules, or callables with their ``parameters``."""

    G: Any
    D: Any


class Optimizers(NamedTuple):
    """Each network's own."""

    G: Optimizer
    D: Optimizer


def shared_fake_step(
    networks: Networks,
    optimizers: Optimizers,
    objective: Objective,
    real: Tensor,
    z: Tensor,
    rng: np.random.Generator,  # noqa: ARG001
) -> list[Tensor]:
    """An update of D and one of G from the same fakes: G runs once, D's update comes between."""
    G, D = networks
    fake = G(z)
    loss_d = objective.discriminator(D(real), D(fake.detach()))
    optimizers.D.step(mg.grad(loss_d, D.parameters()))
    loss_g = objective.generator(D(fake))
    optimizers.G.step(mg.grad(loss_g, G.parameters()))
    return [loss_d.detach(), loss_g.detach()]


def critic_step(
    networks: Networks,
    optimizers: Optimizers,
    objective: Objective,
    real: Tensor,
    z: Tensor,
    rng: np.random.Generator,
) -> list[Tensor]:
    """WGAN-GP's update of the critic, gradient penalty included (Gulrajani et al. 2017, algorithm 1)."""
    G, D = networks
    with mg.no_grad():
        fake = G(z)
    loss = objective.discriminator(D(real), D(fake))
    assert objective.penalty is not None
    loss = loss + objective.penalty(D, real, fake, rng)
    optimizers.D.step(mg.grad(loss, D.parameters()))
    return [loss.detach()]


PUBLISHED = {"features": 64, "base": 7, "lr": 2e-4, "lr_half_life": 0, "lr_floor": 0.0}
"""DCGAN with the published learning rate and wide networks, so that figures of all versions compare."""


@dataclass(frozen=True)
class Workload:
    """A training step by name. ``calls`` names the calls of D in the step, in their order.

    ``settings`` are those in which it differs from what ``gans train`` would take.
    """

    name: str
    title: str
    model: str
    shape: tuple[int, ...]
    step: Callable[..., list[Tensor]]
    calls: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)


SHARED_CALLS = ("D(real)", "D(fake)", "D(fake) for G")

WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload(
            "dcgan",
            "DCGAN, D and G, batch 64",
            "dcgan",
            (1, 28, 28),
            shared_fake_step,
            SHARED_CALLS,
            PUBLISHED,
        ),
        Workload(
            "wgan-gp", "WGAN-GP critic, batch 64", "wgan-gp", (1, 28, 28), critic_step, SHARED_CALLS[:2]
        ),
        Workload("mlp", "MLP GAN, D and G, batch 64", "gan", (1, 28, 28), shared_fake_step, SHARED_CALLS),
        Workload("toy", "toy GAN, D and G, batch 256", "gan", (2,), shared_fake_step, SHARED_CALLS),
    )
}


@dataclass
class Start:
    """The common start of all sides: the GAN with its first weights, and batches of (real, z)."""

    workload: Workload
    gan: TwoPlayer
    batches: list[tuple[Any, Any]]


def start(name: str, batch: int | None = None, device: str = "cpu") -> Start:
    """The same start in every process and on every device; ``batch`` in place of the workload's own size."""
    workload = WORKLOADS[name]
    mg.manual_seed(0)
    kind = systems.Spec.of(workload.shape).kind
    changes = {**workload.settings, **({} if batch is None else {"batch_size": batch})}
    gan = systems.build(systems.settings_for(workload.model, kind, **changes), workload.shape, device)
    rng = np.random.default_rng(1)
    shape = (gan.settings.batch_size, *workload.shape)
    batches = [
        (np.tanh(rng.standard_normal(shape, np.float32)), np.array(gan.latent(shape[0], rng).numpy()))
        for _ in range(BATCHES)
    ]
    return Start(workload, gan, batches)


class Side:
    """minigrad's training: ``step`` is the function above, captured or op by op."""

    def __init__(self, started: Start, *, captured: bool = True) -> None:
        self.name = started.workload.name
        self.networks = Networks(started.gan.generator, started.gan.discriminator)
        self.optimizers = Optimizers(started.gan.optimizer_g, started.gan.optimizer_d)
        self.objective = started.gan.objective
        device = started.gan.device
        self.function = mg.capture(started.workload.step) if captured else started.workload.step
        self.batches = [tuple(mg.tensor(a, device=device) for a in batch) for batch in started.batches]
        self.rng = np.random.default_rng(2)

    def step(self, number: int) -> list[Tensor]:
        """The step on the batch of this number; its losses, which a GPU has yet to compute."""
        real, z = self.batches[number % len(self.batches)]
        arguments = (self.networks, self.optimizers, self.objective, real, z, self.rng)
        losses: list[Tensor] = self.function(*arguments)
        return losses

    def weights(self) -> dict[str, Any]:
        """A copy of every weight and running statistic."""
        return {
            f"{part}.{name}": np.array(to_device(array, "cpu"))
            for part, network in self.networks._asdict().items()
            for name, array in network.state_dict().items()
        }

    def averages(self) -> dict[str, Any]:
        """A copy of Adam's running average of each gradient."""
        return {
            f"{part}.{name}": np.array(to_device(m, "cpu"))
            for part, network in self.networks._asdict().items()
            for (name, _), m in zip(
                network.named_parameters(), getattr(self.optimizers, part).averages["m"], strict=True
            )
        }
