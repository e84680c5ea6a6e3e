"""A D that does not see the input lets G answer another question."""

from __future__ import annotations

from math import log2

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pairs import Task, translated
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The distance to the nearer right answer, with a D that sees the answer alone, and with both."""
    blind = translated(trial, Task(adversarial=True, sees_input=False))
    seeing = translated(trial, Task(adversarial=True))
    return {
        "gain": log2(blind["miss"] / seeing["miss"]),
        "blind": blind["miss"],
        "seeing": seeing["miss"],
    }


CLAIM = Claim(
    says="In a conditional GAN, D must see the input beside the output.",
    source="documents 003; Isola et al. 2017, table 1 (cGAN against GAN)",
    measured="the distance to a right answer for its input with a D that sees the output alone, over that "
    "with "
    "a D that sees both, in halvings.",
    refuted_by="a distance that is not halved.",
    effect=Effect(name="gain", words="halvings of the distance", at_least=1.0),
    measure=measure,
    picture=arms("distance to a right answer", {"blind": "sees the output", "seeing": "sees both"}, log=True),
)
