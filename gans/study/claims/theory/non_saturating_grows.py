"""The non-saturating gradient does not vanish as D improves: it grows."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.learning_d import NORMS, norms_as_d_learns
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The norm after a thousand updates of D over that after ten."""
    numbers = norms_as_d_learns(trial)
    after_ten = numbers["other"][numbers["updates"].index(10)]
    return {"growth": numbers["other"][-1] / after_ten, **numbers}


CLAIM = Claim(
    says="As D is trained, the non-saturating gradient keeps growing, and with it its instability.",
    source="Arjovsky and Bottou 2017, theorem 2.6 and figure 3",
    measured="the norm of an untrained G's gradient after 1,000 updates of D on the ring over that after 10.",
    refuted_by="a growth below 2.",
    effect=Effect(name="growth", words="times the norm", at_least=2.0),
    measure=measure,
    picture=NORMS,
)
