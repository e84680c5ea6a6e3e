"""The checkpoint has the weights alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Play
from gans.study.museum.games import RING


def saved(play: Play) -> dict[str, Any]:
    names = ["G", "D", "adam_d", "adam_g"]
    return {name: getattr(play, name).state_dict() for name in names}


def saved_wrong(play: Play) -> dict[str, Any]:
    names = ["G", "D"]
    return {name: getattr(play, name).state_dict() for name in names}


def first_step(play: Play) -> float:
    """The first step of G after going on, in those of a play that was not interrupted."""
    sizes = []
    for one in (play.resumed(), play):
        before = one.weights("G").copy()
        one.advance(1)
        sizes.append(float(np.linalg.norm(one.weights("G") - before)))
    return sizes[0] / sizes[1]


BUG = Bug(
    "The optimizer is not saved",
    "junyanz/pytorch-CycleGAN-and-pix2pix #592 (and #1380: the loss jumps at resume)",
    "Adam begins with empty averages: its first steps have the full learning rate in every weight",
    "weights and optimizers, and whatever else later steps depend on",
    RING,
    "saved",
    saved,
    saved_wrong,
    Symptom("size of the first step after going on, in those without interruption", first_step),
    "resume",
)
