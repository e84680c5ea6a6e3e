"""What is restored by the least error of pixels is too smooth."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.digits import roughness
from gans.study.board.pictures import arms
from gans.study.board.restoring import restored, tested
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The share of energy in high frequencies of digits restored by each loss, over that of the digits."""
    real = roughness(tested())
    return {
        "pixels": roughness(restored(trial, "pixels")) / real,
        "features": roughness(restored(trial, "features")) / real,
    }


CLAIM = Claim(
    says="An error of pixels over-smooths.",
    source="documents 003; Johnson et al. 2016, section 1",
    measured="the share of energy in the upper half of the frequencies of digits restored from a quarter of "
    "their sides by squared errors of pixels, over that of the digits; the picture has a loss of features, "
    "too.",
    refuted_by="more than four fifths of the digits' share.",
    effect=Effect(name="pixels", words="share of the digits' high frequencies", at_most=0.8),
    measure=measure,
    picture=arms(
        "high frequencies, over the digits'", {"pixels": "pixels", "features": "features"}, line=1.0
    ),
)
