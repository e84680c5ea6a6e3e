"""A number for momentum is in the place of eps."""

from __future__ import annotations

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Play
from gans.study.museum.games import NORMED, networks
from minigrad import nn
from minigrad.nn import Module


def build() -> tuple[Module, Module]:
    norm = nn.BatchNorm1d(32, momentum=0.8)
    return nn.Sequential(nn.Linear(4, 32), norm, nn.ReLU(), nn.Linear(32, 2)), networks()[1]


def build_wrong() -> tuple[Module, Module]:
    norm = nn.BatchNorm1d(32, 0.8)
    return nn.Sequential(nn.Linear(4, 32), norm, nn.ReLU(), nn.Linear(32, 2)), networks()[1]


def variance(play: Play) -> float:
    """The variance of what batch norm makes of the first layer's outputs."""
    first, norm = list(play.G.children())[:2]
    return float(norm(first(play.batch(256).z)).numpy().var(axis=0).mean())


BUG = Bug(
    "Eps in place of momentum",
    "PyTorch-GAN, dcgan.py and its relatives: BatchNorm2d(128, 0.8), after Keras' first argument",
    "the second argument is eps: 0.8 is added to every variance, and small activations stay small",
    "momentum by its name",
    NORMED,
    "networks",
    build,
    build_wrong,
    Symptom("variance behind batch norm", variance, 1),
    "unit variance",
)
