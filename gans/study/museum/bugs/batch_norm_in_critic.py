"""A critic whose penalty is a sample's has batch norm."""

from __future__ import annotations

import numpy as np

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Play
from gans.study.museum.games import PENALISED, networks
from minigrad import nn
from minigrad.nn import Module


def build() -> tuple[Module, Module]:
    hidden = nn.Sequential(nn.Linear(32, 32), nn.LeakyReLU(0.2))
    return networks()[0], nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), hidden, nn.Linear(32, 1))


def build_wrong() -> tuple[Module, Module]:
    hidden = nn.Sequential(nn.Linear(32, 32), nn.BatchNorm1d(32), nn.LeakyReLU(0.2))
    return networks()[0], nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), hidden, nn.Linear(32, 1))


def company(play: Play) -> float:
    """How much the score of the same 16 samples changes with the 16 beside them."""
    x, others = play.batch(16).real, [play.batch(16).real.numpy() * size for size in (1.0, 3.0)]
    scores = [play.D(type(x)(np.concatenate([x.numpy(), other]))).numpy()[:16] for other in others]
    return float(np.abs(scores[0] - scores[1]).max())


BUG = Bug(
    "Batch norm in a critic with a penalty",
    "hwalsuklee's collection #17, Keras-GAN #66; Gulrajani et al. 2017, section 4, forbid it",
    "a sample's score depends on its batch, so the penalty of the sum's slope is no sample's own",
    "no norm, or one within a sample",
    PENALISED,
    "networks",
    build,
    build_wrong,
    Symptom("change of a sample's score with the others of its batch", company, 20),
    "halves",
)
