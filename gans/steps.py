"""The two updates that every GAN of two players is made of, as functions of all that they use.

The G step's gradient flows through D and stops at G's weights; the D step never touches G. Nothing is frozen,
zeroed or detached by hand: each step names the gradients that it computes.
"""

from __future__ import annotations

from typing import NamedTuple, cast

from gans.objectives import Objective
from gans.objectives.objective import Network
from gans.updates import descend
from minigrad import Tensor, nn, no_grad
from minigrad.distributed import in_parts
from minigrad.ops import concatenate, mean, sigmoid
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
    G: Network,
    D: Network,
    optimizer: Optimizer,
    objective: Objective,
    real: Tensor,
    z: Tensor,
    rng: Generator,
    *,
    joint: bool = False,
) -> StepResult:
    """One update of D on ``real`` (n, ...) and on fakes from ``z`` (n, latent); ``rng`` serves the penalty.

    With ``joint`` both pass D as one batch, which matters to its batch norm. If the loss or a gradient is NaN
    or infinite, no weight changes. Raises NonFiniteError then, or later if the trainer defers metrics.
    """
    with no_grad():
        fake = G(z)  # here G is only a source of images
    on_real, on_fake = judged(D, real, fake, joint=joint)
    loss, penalty = objective.discriminator(on_real, on_fake), None
    if objective.penalty is not None:
        penalty = objective.penalty(D, real, fake, rng)
        loss = loss + penalty
    norm, _ = descend(loss, optimizer)
    if objective.constraint is not None:
        objective.constraint(cast(nn.Module, D))
    on_real, on_fake = _mean(objective.readout, on_real), _mean(objective.readout, on_fake)
    return StepResult(loss.detach(), norm, on_real, on_fake, None if penalty is None else penalty.detach())


def generator_step(
    G: Network,
    D: Network,
    optimizer: Optimizer,
    objective: Objective,
    z: Tensor,
    real: Tensor | None = None,
    *,
    joint: bool = False,
) -> StepResult:
    """One update of G, whose weights ``optimizer`` holds, from ``z`` (n, latent).

    ``real`` (n, ...) is a batch for an objective that ``needs_real``, and for fakes that pass D in one batch
    with it (``joint``). Raises ValueError if it is None then.
    """
    if real is None and (objective.needs_real or joint):
        what = "this objective" if objective.needs_real else "joint=True"
        raise ValueError(f"generator_step: {what} needs a batch `real` in G's update too")
    loss, on_fake = loss_of_fakes(D, objective, G(z), real, joint=joint)
    norm, _ = descend(loss, optimizer)  # the gradient flows through D and stops at G's weights
    return StepResult(loss.detach(), norm, None, _mean(objective.readout, on_fake))


def loss_of_fakes(
    D: Network, objective: Objective, fake: Tensor, real: Tensor | None = None, *, joint: bool = False
) -> tuple[Tensor, Tensor]:
    """G's loss of the samples ``fake`` (n, ...) and D's logits of them; ``real`` is as in ``generator_step``.

    >>> from gans.objectives import wasserstein_gp
    >>> from minigrad import tensor
    >>> loss, _ = loss_of_fakes(lambda x: x * 2.0, wasserstein_gp(10.0), tensor([[1.0], [3.0]]))
    >>> loss.item()
    -4.0
    """
    on_real = None
    if real is not None and joint:
        on_real, on_fake = judged(D, real, fake, joint=True)
    else:
        on_fake = D(fake)
        if real is not None and objective.needs_real:
            with no_grad():
                on_real = D(real)  # a constant: no weight of G is in it
    return generator_loss(objective, on_fake, on_real), on_fake


def generator_loss(objective: Objective, on_fake: Tensor, on_real: Tensor | None = None) -> Tensor:
    """G's loss on D's logits, of real samples too if the objective needs them."""
    return objective.generator(on_fake, on_real) if objective.needs_real else objective.generator(on_fake)


def judged(D: Network, real: Tensor, fake: Tensor, *, joint: bool = False) -> tuple[Tensor, Tensor]:
    """D's logits of ``real`` and of ``fake``; with ``joint`` it sees them as one batch."""
    if not joint:
        return D(real), D(fake)
    with in_parts(2):
        logits = D(concatenate([real, fake]))
    of_real = len(logits) * len(real) // (len(real) + len(fake))  # a logit may be that of several samples
    return logits[:of_real], logits[of_real:]


def probabilities(on_real: Tensor, on_fake: Tensor) -> dict[str, Tensor]:
    """``d_real`` and ``d_fake`` of a D that is a classifier: its mean probabilities, from its logits.

    >>> from minigrad import zeros
    >>> {name: number.item() for name, number in probabilities(zeros((4, 1)), zeros((4, 1))).items()}
    {'d_real': 0.5, 'd_fake': 0.5}
    """
    return {"d_real": _mean(sigmoid, on_real), "d_fake": _mean(sigmoid, on_fake)}


def readouts(objective: Objective, on_real: Tensor, on_fake: Tensor) -> dict[str, Tensor]:
    """``d_real`` and ``d_fake``: the means of the objective's readout of D's logits."""
    return {"d_real": _mean(objective.readout, on_real), "d_fake": _mean(objective.readout, on_fake)}


def _mean(readout: Network, logits: Tensor) -> Tensor:
    with no_grad():
        return mean(readout(logits))
