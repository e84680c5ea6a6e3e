"""The two updates that every GAN of two players is made of, as functions of all that they use.

The G step's gradient flows through D and stops at G's weights; the D step never touches G. Nothing is frozen,
zeroed or detached by hand: each step names the gradients that it computes.
"""

from __future__ import annotations

from typing import NamedTuple

from gans.objectives import Objective
from gans.updates import descend
from minigrad import Tensor, nn, no_grad
from minigrad.ops import mean
from minigrad.optim import Optimizer
from minigrad.random import Generator


class StepResult(NamedTuple):
    """The metrics of one update: its loss, its gradient's norm, and D's mean readout on real and fake data.

    ``penalty`` is the part of D's loss that its objective's penalty adds. Each is a Tensor of one element, so
    that a step can be captured; ``float(result.loss)`` is the number.
    """

    loss: Tensor
    grad_norm: Tensor
    real: Tensor | None
    fake: Tensor
    penalty: Tensor | None = None


def discriminator_step(
    G: nn.Module,
    D: nn.Module,
    optimizer: Optimizer,
    objective: Objective,
    real: Tensor,
    z: Tensor,
    rng: Generator,
) -> StepResult:
    """One update of D on ``real`` (n, ...) and on fakes from ``z`` (n, latent); ``rng`` serves the penalty.

    If the loss or a gradient is NaN or infinite, no weight changes. Raises NonFiniteError then, or later if
    the trainer defers metrics.
    """
    with no_grad():
        fake = G(z)  # here G is only a source of images
    on_real, on_fake = D(real), D(fake)
    loss, penalty = objective.discriminator(on_real, on_fake), None
    if objective.penalty is not None:
        penalty = objective.penalty(D, real, fake, rng)
        loss = loss + penalty
    norm, _ = descend(loss, optimizer)
    if objective.constraint is not None:
        objective.constraint(D)
    on_real, on_fake = _readout(objective, on_real), _readout(objective, on_fake)
    return StepResult(loss.detach(), norm, on_real, on_fake, None if penalty is None else penalty.detach())


def generator_step(
    G: nn.Module,
    D: nn.Module,
    optimizer: Optimizer,
    objective: Objective,
    z: Tensor,
    real: Tensor | None = None,
) -> StepResult:
    """One update of G, whose weights ``optimizer`` holds, from ``z`` (n, latent).

    ``real`` (n, ...) is a batch for an objective that ``needs_real``. Raises ValueError if it has none.
    """
    on_fake = D(G(z))
    if not objective.needs_real:
        loss = objective.generator(on_fake)
    elif real is None:
        raise ValueError("generator_step: this objective needs a batch `real` in G's update too")
    else:
        with no_grad():
            on_real = D(real)  # a constant: no weight of G is in it
        loss = objective.generator(on_fake, on_real)
    norm, _ = descend(loss, optimizer)  # the gradient flows through D and stops at G's weights
    return StepResult(loss.detach(), norm, None, _readout(objective, on_fake))


def _readout(objective: Objective, logits: Tensor) -> Tensor:
    with no_grad():
        return mean(objective.readout(logits))
