"""Numbers of a play, which show a bug's symptom."""

from __future__ import annotations

import numpy as np

from gans.metrics import sliced_wasserstein
from gans.study.museum.game import Play
from minigrad import grad, tensor
from minigrad.ops import sum

__all__ = ["centres", "class_effect", "distance", "moved", "slope"]


def moved(play: Play, network: str = "G") -> float:
    """How far the largest weight of a network is from where it began."""
    return float(np.abs(play.weights(network) - Play(play.game).weights(network)).max())


def distance(play: Play) -> float:
    """The sliced W1 of samples and data on the ring."""
    real, _ = play.game.data(play.game, np.random.default_rng(54321), 512)
    return sliced_wasserstein(play.samples()[:, :2], real[:, :2], directions=16)


def slope(play: Play) -> float:
    """The mean norm of D's slope at the middle between real and fake samples."""
    batch = play.batch(256)
    fake = play.game.fake(play.G, batch.z, batch.real)
    middle = tensor((batch.real.numpy() + fake.numpy()) / 2)
    (found,) = grad(sum(play.D(middle)), [middle])
    return float(np.linalg.norm(found.numpy().reshape(256, -1), axis=1).mean())


def centres(play: Play) -> float:
    """How many centres the data's modes have."""
    assert play.game.modes is not None
    return float(len({tuple(row) for row in np.round(play.game.modes(8), 9) + 0.0}))


def class_effect(play: Play, classes: int = 8) -> float:
    """How far apart samples of the same noise are whose classes differ."""
    noise = play.game.noise(np.random.default_rng(12345), 64)
    made = [
        play.G(tensor(np.concatenate([noise, np.tile(row, (64, 1))], axis=1))).numpy()
        for row in np.eye(classes)
    ]
    return float(np.stack(made).std(axis=0).mean())
