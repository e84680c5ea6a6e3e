"""Claims in a file of one's own, whose seeds take no time."""

from __future__ import annotations

import os
import time

from gans.study.board import Claim, Effect, Trial
from gans.study.board.claim import Numbers
from gans.study.board.pictures import arms

SLOW = os.environ.get("TINY_SLOW")
"""The seed that takes until it is stopped."""


def measure(trial: Trial) -> Numbers:
    while str(trial.seed) == SLOW:
        trial.check()
        time.sleep(0.05)
    return {"gap": 1.0 + 0.1 * trial.seed, "nothing": float("nan"), "curve": [1.0, float("inf")]}


TINY = Claim(
    says="One is more than a half.",
    source="Nobody 2026",
    measured="one.",
    refuted_by="less than a half.",
    effect=Effect(name="gap", words="gap", at_least=0.5),
    measure=measure,
    picture=arms("gap", {"gap": "gap"}),
    seeds=3,
)


def broken(trial: Trial) -> Numbers:
    return {"gap": float("nan")}


BROKEN = Claim(
    says="Nothing is more than a half.",
    source="Nobody 2026",
    measured="nothing.",
    refuted_by="nothing.",
    effect=Effect(name="gap", words="gap", at_least=0.5),
    measure=broken,
    picture=arms("gap", {"gap": "gap"}),
)
