"""Data far outside (-1, 1)."""

from __future__ import annotations

from dataclasses import replace
from math import log2

from gans.data import ToyData
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import arms
from gans.study.board.toys import distance, grid25, started
from gans.study.board.trial import Trial

TIMES = 30.0


def measure(trial: Trial) -> Numbers:
    """The samples' distance over the data's scale, for the grid and for one thirty times as large."""
    numbers = {}
    for name, times in (("large", TIMES), ("unit", 1.0)):
        training, toy = started(trial, "gan", _scaled(times), width=64, batch_size=128)
        trial.train(training, 1_500)
        numbers[name] = distance(training, toy) / times
    return {"gain": log2(numbers["large"] / numbers["unit"]), **numbers}


def _scaled(times: float) -> ToyData:
    toy = grid25()
    assert toy.modes is not None
    assert toy.stds is not None
    return replace(toy, modes=toy.modes * times, std=toy.std * times, stds=toy.stds * times)


CLAIM = Claim(
    says="Data should be scaled to about (-1, 1).",
    source="Radford et al. 2015, section 4; documents 003",
    measured="the sliced W1 of samples and data over their scale after 1,500 steps, for the grid of 25 "
    "Gaussians thirty times as large over that at its unit size, in halvings.",
    refuted_by="a distance that is not a fifth smaller.",
    effect=Effect(name="gain", words="halvings of the distance", at_least=0.32),
    measure=measure,
    picture=arms("distance over scale", {"large": "30 times", "unit": "unit size"}, log=True),
)
