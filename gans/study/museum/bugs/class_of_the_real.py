"""Fakes are judged with the classes of the real batch."""

from __future__ import annotations

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.games import LABELLED, MODES
from gans.study.museum.measures import class_effect
from minigrad import Tensor
from minigrad.nn import Module
from minigrad.ops import concatenate


def fake(G: Module, z: Tensor, real: Tensor) -> Tensor:
    made_for = z[:, -MODES:]
    return concatenate([G(z), made_for], axis=1)


def fake_wrong(G: Module, z: Tensor, real: Tensor) -> Tensor:
    made_for = real[:, -MODES:]
    return concatenate([G(z), made_for], axis=1)


BUG = Bug(
    "The label is ignored",
    "vegans, ConditionalCycleGAN: G's fakes are judged with the condition of another batch",
    "D sees a class that has nothing to do with the sample, so nothing teaches G what its own class means",
    "the class that G was given",
    LABELLED,
    "fake",
    fake,
    fake_wrong,
    Symptom("how far apart samples of the same noise and other classes are", class_effect, 200),
    "classes",
)
