"""D stays near its best only while G moves slowly."""

from __future__ import annotations

from math import log2

import numpy as np

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.densities import normal
from gans.study.board.pictures import curves
from gans.study.board.toys import samples, started
from gans.study.board.trial import Trial

PLACES = np.linspace(0, 8, 81)


def measure(trial: Trial) -> Numbers:
    """The mean distance of D from p/(p + q) over a training, with a fast and with a slow G."""
    numbers: dict[str, float | list[float]] = {}
    for name, rate in (("fast", 4e-3), ("slow", 4e-4)):
        training, _ = started(
            trial, "gan", "gaussian", width=32, batch_size=128, lr=rate, lr_ratio=2e-3 / rate, lr_half_life=0
        )
        distances = []
        for _ in range(trial.cut(20)):
            trial.train(training, 50)
            made = samples(training)[:, 0]
            q = np.exp(-0.5 * ((PLACES[:, None] - made) / 0.15) ** 2).mean(axis=1) / (0.15 * 2.5066)
            p, d = normal(PLACES, 4, np.hypot(0.5, 0.15)), training.system.judge(PLACES[:, None])
            assert d is not None
            distances.append(float(np.sum(np.abs(d - p / (p + q + 1e-9)) * (p + q)) / np.sum(p + q)))
        numbers |= {name: distances, f"{name}_mean": float(np.mean(distances[len(distances) // 4 :]))}
    numbers["step"] = [50.0 * (look + 1) for look in range(trial.cut(20))]
    fast, slow = numbers["fast_mean"], numbers["slow_mean"]
    assert isinstance(fast, float)
    assert isinstance(slow, float)
    return {"gain": log2(fast / slow), **numbers}


CLAIM = Claim(
    says="With few updates of D a step, D stays near its best only while G moves slowly.",
    source="Goodfellow et al. 2014, section 4; documents 000",
    measured="the mean distance of D from p/(p + q) over 1,000 steps on N(4, 0.5²), with G ten times as "
    "fast, in "
    "doublings.",
    refuted_by="a distance that is not larger by a half (0.58 doublings).",
    effect=Effect(name="gain", words="doublings of D's distance", at_least=0.58),
    measure=measure,
    picture=curves("step", "distance of D from D*", {"fast": "G at 4e-3", "slow": "G at 4e-4"}, log=True),
)
