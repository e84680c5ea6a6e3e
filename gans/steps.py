"""The two updates that every GAN is made of.

The G step's gradient flows through D and stops at G's weights; the D step never touches G. Nothing is frozen,
zeroed or detached by hand: each step names the gradients that it computes.
"""

from __future__ import annotations

from typing import NamedTuple

from gans.objectives import Objective
from minigrad import Tensor, all_finite, grad, nn, no_grad, require_finite
from minigrad.ops import mean
from minigrad.optim import Optimizer, gradient_norm
from minigrad.random import Generator

NOT_FINITE = "the loss is {}, the norm of its gradient {}"


class StepResult(NamedTuple):
    """The metrics of one update: its loss, its gradient's norm, and D's mean readout on real and fake data.

    Each is a Tensor of one element, so that a step can be captured; ``float(result.loss)`` is the number.
    """

    loss: Tensor
    grad_norm: Tensor
    real: Tensor | None
    fake: Tensor


def discriminator_step(
    G: nn.Module,
    D: nn.Module,
    optimizer: Optimizer,
    objective: Objective,
    real: Tensor,
    z: Tensor,
    rng: Generator,
    *,
    checked: bool = True,
) -> StepResult:
    """One update of D on ``real`` (n, ...) and on fakes from ``z`` (n, latent); ``rng`` serves the penalty.

    If the loss or a gradient is NaN or infinite, no weight changes. Raises NonFiniteError then; with
    ``checked=False`` it does not, and the caller checks loss and norm.
    """
    with no_grad():
        fake = G(z)  # here G is only a source of images
    on_real, on_fake = D(real), D(fake)
    loss = objective.discriminator(on_real, on_fake)
    if objective.penalty is not None:
        loss = loss + objective.penalty(D, real, fake, rng)
    norm = _update(loss, D, optimizer, checked)
    if objective.constraint is not None:
        objective.constraint(D)
    return StepResult(loss.detach(), norm, _readout(objective, on_real), _readout(objective, on_fake))


def generator_step(
    G: nn.Module, D: nn.Module, optimizer: Optimizer, objective: Objective, z: Tensor, *, checked: bool = True
) -> StepResult:
    """One update of G from ``z`` (n, latent); ``checked`` as in ``discriminator_step``."""
    on_fake = D(G(z))
    loss = objective.generator(on_fake)
    norm = _update(loss, G, optimizer, checked)  # the gradient flows through D and stops at G's weights
    return StepResult(loss.detach(), norm, None, _readout(objective, on_fake))


def _update(loss: Tensor, network: nn.Module, optimizer: Optimizer, checked: bool) -> Tensor:
    """Move ``network`` down the gradient of ``loss``; the gradient's norm."""
    gradients = grad(loss, network.parameters())
    norm = gradient_norm(gradients)
    finite = require_finite(NOT_FINITE, loss, norm) if checked else all_finite(loss, norm)
    optimizer.step(gradients, where=finite)
    return norm


def _readout(objective: Objective, logits: Tensor) -> Tensor:
    with no_grad():
        return mean(objective.readout(logits))
