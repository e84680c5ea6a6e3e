"""G's backward pass takes the activations of another forward pass."""

from __future__ import annotations

import numpy as np

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Batch, Play, Update
from gans.study.museum.games import RING
from minigrad import grad


def gradients_g(play: Play, batch: Batch) -> Update:
    loss = play.loss_g(batch)
    kept = loss
    return Update(loss, grad(kept, play.adam_g.params))


def gradients_g_wrong(play: Play, batch: Batch) -> Update:
    loss = play.loss_g(batch)
    kept = play.loss_g(play.batch())  # D's update runs G again, and a layer keeps its last activations
    return Update(loss, grad(kept, play.adam_g.params))


def error(play: Play) -> float:
    """How far G's gradient is from that of its loss, in its norms."""
    batch = play.batch(8)
    used = play.game.gradients_g(play, batch).gradients
    right = grad(play.loss_g(batch), play.adam_g.params)
    a, b = (np.concatenate([g.numpy().ravel() for g in of]) for of in (used, right))
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


BUG = Bug(
    "Stale activations",
    "engines whose layers store their last inputs, such as numpy-ml's and that of mlpack PR #1933",
    "D's update runs G on other noise, and G's backward pass multiplies with those activations",
    "each forward pass has a graph of its own",
    RING,
    "gradients_g",
    gradients_g,
    gradients_g_wrong,
    Symptom("distance of G's gradient from that of its loss, in its norms", error),
    "finite differences",
)
