"""The critic's weights are clipped before its step."""

from __future__ import annotations

import numpy as np

from gans.objectives import clip_weights
from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Play
from gans.study.museum.games import CLIPPED
from minigrad import Tensor


def update_d(play: Play, gradients: list[Tensor]) -> None:
    assert play.game.bound is not None
    play.adam_d.step(gradients)
    clip_weights(play.game.bound)(play.D)


def update_d_wrong(play: Play, gradients: list[Tensor]) -> None:
    assert play.game.bound is not None
    clip_weights(play.game.bound)(play.D)
    play.adam_d.step(gradients)


def beyond(play: Play) -> float:
    """The largest weight of D, in bounds."""
    assert play.game.bound is not None
    return float(np.abs(play.weights("D")).max() / play.game.bound)


BUG = Bug(
    "Clipped before the step",
    "martinarjovsky/WassersteinGAN #50, jiamings/wgan #2",
    "the step comes after the bound, so G's update sees a critic outside it",
    "first the step, then the bound",
    CLIPPED,
    "update_d",
    update_d,
    update_d_wrong,
    Symptom("largest weight of D when G's update begins, in bounds", beyond, 30),
    "bound",
)
