"""Batch norm makes a network work from weights of a wrong scale."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.deep import first_over_last
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from minigrad import nn


def measure(trial: Trial) -> Numbers:
    """How far the gradient changes over 10 layers whose weights are far too small, and too large."""
    numbers = {}
    for scale, name in ((0.1, "small"), (3.0, "large")):
        for norm in (False, True):
            decades = first_over_last(trial, 10, scale, nn.ReLU, norm)
            numbers[f"{name}_{'with' if norm else 'without'}"] = decades
    return {"worst": max(abs(numbers["small_with"]), abs(numbers["large_with"])), **numbers}


CLAIM = Claim(
    says="Batch norm repairs a bad initialisation.",
    source="documents 000; Radford et al. 2015, section 3",
    measured="the gradient of the first of 10 layers over that of the last, in powers of ten, with weights "
    "ten "
    "times too small or three times too large: the worse of the two with batch norm.",
    refuted_by="a change by more than one power of ten.",
    effect=Effect(name="worst", words="powers of ten over 10 layers", at_most=1.0),
    measure=measure,
    picture=arms(
        "first over last gradient, powers of ten",
        {
            "small_without": "small,\nnone",
            "small_with": "small,\nbatch norm",
            "large_without": "large,\nnone",
            "large_with": "large,\nbatch norm",
        },
        line=0.0,
    ),
)
