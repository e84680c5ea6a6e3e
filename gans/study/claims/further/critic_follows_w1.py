"""The critic's estimate falls as W1 does."""

from __future__ import annotations

from gans.metrics import rank_correlation
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.critics import critic_training
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The rank correlation of the critic's estimate and the exact W1 over a training of WGAN-GP."""
    found = critic_training(trial)
    return {"correlation": rank_correlation(found["estimate"], found["w1"]), **found}


CLAIM = Claim(
    says="The critic's estimate follows the Wasserstein distance, so it tells how good samples are.",
    source="Arjovsky et al. 2017, section 4.2; documents 003",
    measured="the rank correlation of the estimate and the exact W1 over 300 steps of WGAN-GP on N(4, 0.5²), "
    "with 5 updates of the critic a step and none before. `gans reproduce wgan-curve` trains it first.",
    refuted_by="a correlation below 0.8.",
    effect=Effect(name="correlation", words="rank correlation", at_least=0.8),
    measure=measure,
    picture=curves("step", "length", {"w1": "exact W1", "estimate": "critic's estimate"}),
)
