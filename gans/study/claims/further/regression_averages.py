"""A regression answers with the mean of all right answers, which is none."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pairs import Task, translated
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """How far the answers of a regression with L2 are from the nearer right one, which is 2 from the mean."""
    return {f"l2_{name}": value for name, value in translated(trial, Task(l2=1.0)).items()}


CLAIM = Claim(
    says="A regression averages over right answers, and so blurs.",
    source="documents 003; Isola et al. 2017, section 1",
    measured="the mean distance of answers to the nearer of two right ones, 2 either side of their mean, "
    "after "
    "1,500 steps with L2.",
    refuted_by="a distance below 1.",
    effect=Effect(name="l2_miss", words="distance to a right answer", at_least=1.0),
    measure=measure,
    picture=arms("length", {"l2_miss": "distance to the\nnearer answer", "l2_spread": "spread over noise"}),
)
