"""The better D is, the smaller the gradient that minimax leaves to G."""

from __future__ import annotations

from math import log10

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.learning_d import NORMS, norms_as_d_learns
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The powers of ten by which the gradient's norm falls from D's first to its 4,000th update."""
    numbers = norms_as_d_learns(trial, last=4_000)
    first, *_, last = numbers["minimax"]
    return {"decades": log10(first / last), **numbers}


CLAIM = Claim(
    says="With G fixed, the gradient that minimax gives it vanishes as D is trained to completion.",
    source="Arjovsky and Bottou 2017, theorem 2.4 and figure 2 (up to 5 powers of ten on images)",
    measured="the norm of an untrained G's gradient after 1 and after 4,000 updates of D on the ring.",
    refuted_by="a fall by less than two powers of ten.",
    effect=Effect(name="decades", words="powers of ten that the norm falls", at_least=2.0),
    measure=measure,
    picture=NORMS,
)
