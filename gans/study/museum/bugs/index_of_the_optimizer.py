"""Every fifth batch is asked of the wrong number."""

from __future__ import annotations

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Play
from gans.study.museum.games import CLIPPED


def trains_g(batch: int, optimizer: int, k: int) -> bool:
    return batch % k == 0


def trains_g_wrong(batch: int, optimizer: int, k: int) -> bool:
    return optimizer % k == 0


def ratio(play: Play) -> float:
    """Updates of D for one of G."""
    return play.updates["D"] / play.updates["G"]


BUG = Bug(
    "k updates of the critic are one",
    "nocotan/pytorch-lightning-gans #7: optimizer_idx % n_critic",
    "the optimizer's number is 0 for G at every batch, and 0 is a multiple of k: G is trained on each",
    "the batch's number decides",
    CLIPPED,
    "trains_g",
    trains_g,
    trains_g_wrong,
    Symptom("updates of D for one of G, of 5", ratio, 30),
    "alternation",
)
