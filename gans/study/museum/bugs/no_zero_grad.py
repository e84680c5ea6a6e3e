"""D's update has the gradient of G's loss in it."""

from __future__ import annotations

import numpy as np

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Batch, Play, Update
from gans.study.museum.games import RING
from minigrad import grad


def gradients_d(play: Play, batch: Batch) -> Update:
    loss = play.loss_d(batch)
    gradients = grad(loss, play.adam_d.params)
    return Update(loss, gradients)


def gradients_d_wrong(play: Play, batch: Batch) -> Update:
    left = grad(play.loss_g(batch), play.adam_d.params)  # G's backward pass filled D's .grad too
    loss = play.loss_d(batch)
    gradients = [g + before for g, before in zip(grad(loss, play.adam_d.params), left, strict=True)]
    return Update(loss, gradients)


def cosine(play: Play) -> float:
    """The cosine of D's gradient and that of its loss."""
    batch = play.batch(256)
    used = play.game.gradients_d(play, batch).gradients
    right = grad(play.loss_d(batch), play.adam_d.params)
    a, b = (np.concatenate([g.numpy().ravel() for g in of]) for of in (used, right))
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


BUG = Bug(
    "Gradients not zeroed",
    "ajbrock/BigGAN-PyTorch #25, Lightning #557, OmniTokenizer #15",
    "G's backward pass also fills D's gradient, which D's update then descends: D is trained to be fooled",
    "D's gradient is that of D's loss alone",
    RING,
    "gradients_d",
    gradients_d,
    gradients_d_wrong,
    Symptom("cosine of D's gradient and that of its loss", cosine),
    "finite differences",
)
