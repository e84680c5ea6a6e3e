"""A GAN's result depends more on the seed than a VAE's."""

from __future__ import annotations

from math import log2
from statistics import stdev

import numpy as np

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import arms
from gans.study.board.toys import distance, grid25, started
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The spread of log2 of the samples' distance over four trainings of each."""
    numbers = {}
    for model in ("gan", "vae"):
        found = []
        for inner in range(4):
            one = Trial(100 * trial.seed + inner, trial.share, trial.stop)
            training, toy = started(one, model, grid25(), width=64, batch_size=128)
            one.train(training, 400)
            found.append(float(np.log2(distance(training, toy))))
        numbers[model] = stdev(found)
    return {"ratio": log2(numbers["gan"] / numbers["vae"]), **numbers}


CLAIM = Claim(
    says="GANs train less stably than VAEs.",
    source="documents 003; Goodfellow 2016, section 5.1",
    measured="the spread over four trainings of 400 steps of log2 of the samples' sliced W1: a GAN's over a "
    "VAE's, in doublings.",
    refuted_by="a spread that is not doubled.",
    effect=Effect(name="ratio", words="doublings of the spread", at_least=1.0),
    measure=measure,
    picture=arms("spread of log2 distance", {"gan": "GAN", "vae": "VAE"}),
)
