"""BEGAN with a linear last layer."""

from __future__ import annotations

from typing import Any

from gans.data.spec import Spec
from gans.reproductions.images import with_networks
from gans.study.board.claim import Claim, Effect
from gans.study.board.comparing import Arm
from gans.study.board.on_digits import compared_on_digits, over_steps
from gans.systems.began import BEGAN
from minigrad import nn


def _networks(settings: Any, spec: Spec) -> dict[str, nn.Module]:
    return {name: _with_tanh(made) for name, made in BEGAN.networks(settings, spec).items()}


def _with_tanh(made: nn.Module) -> nn.Module:
    return nn.Sequential(made, nn.Tanh())


WITH_TANH, SETTINGS = with_networks(BEGAN, _networks), {"batch_size": 64}

ARMS = {
    "without": Arm("tanh", SETTINGS, "began", WITH_TANH),
    "with_it": Arm("linear", SETTINGS, "began"),
}

CLAIM = Claim(
    says="BEGAN is excepted from the rule of a tanh at G's output: without one it is no worse.",
    source="documents 003; Berthelot et al. 2017",
    measured="the Fréchet distance of samples over our classifier's features after 300 steps of a BEGAN with "
    "256 units on 5,000 digits, with linear last layers against tanh, in G and in D's decoder.",
    refuted_by="a distance that is a fifth larger.",
    effect=Effect(name="gain", words="halvings of the distance", at_least=-0.32),
    measure=compared_on_digits(ARMS),
    picture=over_steps(ARMS),
    seeds=4,
)
