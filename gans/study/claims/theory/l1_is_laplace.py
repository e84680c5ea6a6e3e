"""L1 is the likelihood of a Laplace distribution, L2 that of a Gaussian one."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from minigrad import grad, tensor
from minigrad.ops import abs as absolute
from minigrad.ops import exp, log, square
from minigrad.ops import sum as total


def measure(trial: Trial) -> Numbers:
    """The gradients of both losses, and of minus the log of both densities, in random predictions."""
    scale, y, target = trial.rng.uniform(0.5, 2), tensor(trial.rng.normal(size=30)), trial.rng.normal(size=30)
    apart = y - target
    pairs = {
        "l1": (total(absolute(apart)) * (1 / scale), exp(-absolute(apart) * (1 / scale)) * (0.5 / scale)),
        "l2": (
            total(square(apart)) * (0.5 / scale**2),
            exp(square(apart) * (-0.5 / scale**2)) * (1 / (scale * np.sqrt(2 * np.pi))),
        ),
    }
    errors = {}
    for name, (loss, density) in pairs.items():
        (of_loss,), (of_density,) = grad(loss, [y]), grad(-total(log(density)), [y])
        errors[name] = float(np.abs(of_loss.numpy() - of_density.numpy()).max())
    return {"error": max(errors.values()), **errors}


CLAIM = Claim(
    says="L1 is maximum likelihood with a Laplace distribution, L2 with a Gaussian one.",
    source="documents 003",
    measured="the gradients of L1/b and L2/(2 s²) against those of the densities' logarithms.",
    refuted_by="two different gradients.",
    effect=identity("error", "largest difference of a derivative", 1e-9),
    measure=measure,
    picture=arms("difference", {"l1": "L1 and Laplace", "l2": "L2 and Gaussian"}),
)
