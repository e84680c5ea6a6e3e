"""Is D a half everywhere at the end of a training?"""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import curves
from gans.study.board.toys import distance, started
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The mean distance of D from a half on real points of the line, and D along the line."""
    training, toy = started(trial, "gan", "gaussian", width=64, batch_size=128, lr_half_life=500)
    trial.train(training, 2_000)
    gan, x = training.system, np.linspace(2, 6, 41)
    real = toy.sample(2_000, np.random.default_rng(trial.seed))
    on_real, along = gan.judge(real), gan.judge(x[:, None])
    assert on_real is not None
    assert along is not None
    return {
        "apart": float(np.abs(on_real - 0.5).mean()),
        "w1": distance(training, toy),
        "x": x.tolist(),
        "d": along.astype(float).tolist(),
    }


CLAIM = Claim(
    says="At the end of a training D is a half everywhere.",
    source="Goodfellow et al. 2014, figure 1 d; documents 001 and 002",
    measured="the mean distance of D from a half on real points after 2,000 steps on N(4, 0.5²), with rates "
    "that halve every 500; and W1 of samples and data then (`w1` in the file), of which D says nothing.",
    refuted_by="a mean distance above 0.05.",
    effect=Effect(name="apart", words="mean distance of D from a half", at_most=0.05),
    measure=measure,
    picture=curves("x", "D", {"d": ""}, over="x", line=0.5),
)
