"""D's optimizer has G's weights, too."""

from __future__ import annotations

import numpy as np

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Play
from gans.study.museum.games import RING
from minigrad import Tensor
from minigrad.nn import Module


def trained_by_d(G: Module, D: Module) -> list[Tensor]:
    return [*D.parameters()]


def trained_by_d_wrong(G: Module, D: Module) -> list[Tensor]:
    return [*D.parameters(), *G.parameters()]


def moved_by_d(play: Play) -> float:
    """The largest change of a weight of G in an update of D."""
    before = play.weights("G").copy()
    play.update_d(play.batch())
    return float(np.abs(play.weights("G") - before).max())


BUG = Bug(
    "One optimizer for both networks",
    "soumith/ganhacks #29: an optimizer without its list of variables trains them all",
    "D's update moves G to make D's loss small: G helps D to catch it, and undoes its own updates",
    "each optimizer has the weights of its own network",
    RING,
    "trained_by_d",
    trained_by_d,
    trained_by_d_wrong,
    Symptom("largest change of a weight of G in an update of D", moved_by_d, 20),
    "own weights",
)
