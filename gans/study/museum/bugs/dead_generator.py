"""G's backward pass runs over layers that have forgotten their inputs."""

from __future__ import annotations

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Batch, Play, Update
from gans.study.museum.games import PENALISED
from gans.study.museum.measures import moved
from minigrad import grad, zeros_like


def gradients_g(play: Play, batch: Batch) -> Update:
    loss = play.loss_g(batch)
    gradients = grad(loss, play.adam_g.params)
    return Update(loss, gradients)


def gradients_g_wrong(play: Play, batch: Batch) -> Update:
    loss = play.loss_g(batch)
    gradients = [zeros_like(p) for p in play.adam_g.params]  # the loop adds nothing: no input is stored
    return Update(loss, gradients)


BUG = Bug(
    "The generator never learns",
    "numpy-ml, WGAN_GP.update_generator: stored inputs are flushed, then the backward pass loops over them",
    "the gradient of all of G's weights is exactly 0, and G's printed loss still moves, since D does",
    "D's slope at the samples goes back through G, whose activations are still there",
    PENALISED,
    "gradients_g",
    gradients_g,
    gradients_g_wrong,
    Symptom("largest change of a weight of G in 60 updates", moved),
    "own weights",
)
