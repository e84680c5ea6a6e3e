"""KL has no finite value where q vanishes, and grows without bound on the way there."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.densities import axis, jsd, kl, normal
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """KL of two Gaussians at a distance of 1 to 2 as both narrow, and the slope of log KL in log std."""
    x = axis(-4, 4, 80_001)
    distance, stds = trial.rng.uniform(1, 2), np.logspace(-0.3, -1.3, 6)
    kls, jss = [], []
    for std in stds:
        p, q = normal(x, 0, std), normal(x, distance, std)
        width = x[1] - x[0]
        kls.append(kl(p, np.maximum(q, 1e-300), width))
        jss.append(jsd(p, q, width))
    slope = np.polyfit(np.log(stds[:4]), np.log(kls[:4]), 1)[0]
    return {"growth": -float(slope), "std": stds.tolist(), "kl": kls, "js": jss}


CLAIM = Claim(
    says="KL blows up as supports part.",
    source="Arjovsky and Bottou 2017, section 2; documents 003",
    measured="the power of 1/std with which KL grows for two Gaussians 1 to 2 apart (exactly 2).",
    refuted_by="a power of at most 1.",
    effect=Effect(name="growth", words="power of 1/std", at_least=1.0),
    measure=measure,
    picture=curves("std", "nats", {"kl": "KL", "js": "JSD"}, over="std of both", log=True, log_x=True),
)
