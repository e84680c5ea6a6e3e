"""Samples of a GAN are sharper than those of a VAE."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import arms
from gans.study.board.toys import grid25, high_quality, started
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The share of samples that lie on a mode, of both after as many steps."""
    numbers = {}
    for model in ("gan", "vae"):
        training, toy = started(trial, model, grid25(), width=64, batch_size=128)
        trial.train(training, 1_500)
        numbers[model] = high_quality(training, toy)
    return {"more": numbers["gan"] - numbers["vae"], **numbers}


CLAIM = Claim(
    says="A GAN's samples are sharper than a VAE's, which blur.",
    source="documents 003; Goodfellow 2016, section 2.4",
    measured="the share of samples within 3 standard deviations of one of 25 modes after 1,500 steps: that "
    "of a "
    "GAN minus that of a VAE.",
    refuted_by="less than a tenth more.",
    effect=Effect(name="more", words="share of samples more", at_least=0.1),
    measure=measure,
    picture=arms("share on a mode", {"gan": "GAN", "vae": "VAE"}),
)
