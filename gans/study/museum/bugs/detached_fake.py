"""The samples are cut off in G's own step."""

from __future__ import annotations

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Batch, Play, Update
from gans.study.museum.games import RING
from gans.study.museum.measures import moved
from minigrad import grad


def gradients_g(play: Play, batch: Batch) -> Update:
    fake = play.G(batch.z)
    on_fake = play.D(fake)
    loss = play.game.loss_g(on_fake, on_fake)
    return Update(loss, grad(loss, play.adam_g.params, unused="zeros"))


def gradients_g_wrong(play: Play, batch: Batch) -> Update:
    fake = play.G(batch.z).detach()
    on_fake = play.D(fake)
    loss = play.game.loss_g(on_fake, on_fake)
    return Update(loss, grad(loss, play.adam_g.params, unused="zeros"))


BUG = Bug(
    "Detached in G's step",
    "the inpainting and deep-motion-editing threads #29 and #90: detach, right in D's step, in G's as well",
    'no gradient reaches G; without unused="zeros" minigrad.grad refuses it with an error',
    "detach, if at all, in D's step alone",
    RING,
    "gradients_g",
    gradients_g,
    gradients_g_wrong,
    Symptom("largest change of a weight of G in 60 updates", moved),
    "reach",
)
