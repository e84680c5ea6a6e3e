"""Does a conditional G ignore its noise?"""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pairs import Task, translated
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The spread of answers to one input over noise, with pix2pix's weights and with a D alone."""
    heavy = translated(trial, Task(l1=100.0, adversarial=True))
    alone = translated(trial, Task(adversarial=True))
    return {"heavy": heavy["spread"] / 2, "alone": alone["spread"] / 2}


CLAIM = Claim(
    says="A conditional G ignores its noise.",
    source="Isola et al. 2017, section 3.1; documents 003",
    measured="the spread of answers to one input over noise, over that of the two right answers, with "
    "pix2pix's "
    "L1 of weight 100 beside a D.",
    refuted_by="a tenth of the right spread or more.",
    effect=Effect(name="heavy", words="share of the right spread", at_most=0.1),
    measure=measure,
    picture=arms("share of the right spread", {"heavy": "D and 100 L1", "alone": "D alone"}, line=1.0),
)
