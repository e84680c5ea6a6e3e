"""The training steps that are timed, on minigrad's side: one function each."""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
from gans.objectives import Objective
from minigrad import Tensor
from minigrad.optim import Optimizer


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
    optimizers.D.step(_gradients(loss_d, D))
    loss_g = objective.generator(D(fake))
    optimizers.G.step(_gradients(loss_g, G))
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
    optimizers.D.step(_gradients(loss, D))
    return [loss.detach()]


_SETTINGS: Any = {"release": True} if "release" in inspect.signature(mg.grad).parameters else {}
"""``benchmarks since`` runs these functions with earlier revisions, too, whose ``grad`` keeps every graph."""


def _gradients(loss: Tensor, network: Any) -> list[Tensor]:
    return mg.grad(loss, network.parameters(), **_SETTINGS)
