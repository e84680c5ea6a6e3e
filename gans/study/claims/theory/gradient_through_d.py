"""All that G learns comes through D: its gradient is D's slope in the samples times G's own."""

from __future__ import annotations

import numpy as np

import minigrad as mg
from gans.networks.mlp import point_discriminator, point_generator
from gans.objectives import non_saturating
from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from minigrad import grad
from minigrad.ops import sum as total


def measure(trial: Trial) -> Numbers:
    """G's gradient at once, and as D's slope at the samples sent back through G; and with a flat D."""
    mg.manual_seed(trial.seed)
    G, D = point_generator(2, 2, 32, 2), point_discriminator(2, 32, 2)
    z = mg.tensor(trial.rng.standard_normal((64, 2)), np.float32)
    weights, fake = G.parameters(), G(z)
    at_once = grad(non_saturating(D(fake)), weights)
    cut = fake.detach()
    (slope,) = grad(non_saturating(D(cut)), [cut])
    through = grad(total(fake * slope), weights)
    flat = grad(total(non_saturating(0.0 * D(fake))), weights)
    norm = max(np.abs(one.data).max() for one in at_once)
    return {
        "error": float(
            max(np.abs(a.data - b.data).max() for a, b in zip(at_once, through, strict=True)) / norm
        ),
        "with_d": float(norm),
        "flat_d": float(max(np.abs(one.data).max() for one in flat)),
    }


CLAIM = Claim(
    says="G never sees data: its whole gradient is D's slope at its samples, sent back through G.",
    source="Goodfellow et al. 2014, section 6; documents 001 and 003",
    measured="the gradient of G's weights at once and in two parts, for random networks; and with a flat D.",
    refuted_by="a relative difference above 1e-5, or any gradient where D is flat.",
    effect=identity("error", "relative difference", 1e-5),
    measure=measure,
    picture=arms("largest derivative of a weight", {"with_d": "with D", "flat_d": "flat D"}),
)
