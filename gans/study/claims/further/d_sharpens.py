"""A D beside L1 makes answers right."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pairs import Task, translated
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The distance to the nearer right answer with L1, and with a weak L1 and a D."""
    alone, with_d = translated(trial, Task(l1=1.0)), translated(trial, Task(l1=0.1, adversarial=True))
    return {"share": with_d["miss"] / alone["miss"], "alone": alone["miss"], "with_d": with_d["miss"]}


CLAIM = Claim(
    says="A D added to a regression makes its results sharp.",
    source="documents 003; Isola et al. 2017, section 4.2",
    measured="the distance to the nearer of two right answers with a D and L1 of weight 0.1, over that "
    "with L1 "
    "alone, after 1,500 steps.",
    refuted_by="more than half of the distance.",
    effect=Effect(name="share", words="share of the distance", at_most=0.5),
    measure=measure,
    picture=arms("distance to a right answer", {"alone": "L1", "with_d": "L1 and D"}),
)
