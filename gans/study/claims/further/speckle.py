"""A fully connected G leaves speckle, a convolutional one does not."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.digits import digits, roughness, started_on_digits
from gans.study.board.pictures import arms
from gans.study.board.toys import samples
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The energy of samples in high frequencies, of both kinds of G, and of real digits."""
    numbers = {"real": roughness(digits().train(slice(0, 500)))}
    for name, model, settings in (("connected", "gan", {}), ("convolutional", "dcgan", {"features": 8})):
        training = started_on_digits(trial, model, **settings)
        trial.train(training, 250)
        numbers[name] = roughness(samples(training, 200))
    return {"ratio": numbers["connected"] / numbers["convolutional"], **numbers}


CLAIM = Claim(
    says="A fully connected G leaves speckle in its images; one of transposed convolutions does not.",
    source="documents 003",
    measured="the share of samples' energy in the upper half of the frequencies after 250 steps on digits: "
    "GAN "
    "over DCGAN with 8 features.",
    refuted_by="less than 1.5 times the share.",
    effect=Effect(name="ratio", words="times the share of high frequencies", at_least=1.5),
    measure=measure,
    picture=arms(
        "share of high frequencies",
        {"real": "real digits", "connected": "fully\nconnected", "convolutional": "convolutional"},
    ),
    seeds=4,
)
