"""A game of G against D as functions of which a bug replaces one, and a play of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gans.streams import own_randomness
from minigrad import Tensor, grad, modify, tensor
from minigrad.nn import Module
from minigrad.ops import cross_entropy
from minigrad.optim import Adam

__all__ = ["Batch", "Game", "Play", "Update"]

Array = NDArray[np.float64]


class Batch(NamedTuple):
    """Real samples (n, ...), noise (n, latent), and the classes (n, k) of both as ones among zeros.

    Without classes k is 0. The noise of a labelled game ends in the columns of its classes.
    """

    real: Tensor
    z: Tensor
    y: Array


class Update(NamedTuple):
    """A loss, and the gradients that an update descends."""

    loss: Tensor
    gradients: list[Tensor]


def gradients_d(play: Play, batch: Batch) -> Update:
    loss = play.loss_d(batch)
    return Update(loss, grad(loss, play.adam_d.params))


def gradients_g(play: Play, batch: Batch) -> Update:
    loss = play.loss_g(batch)
    return Update(loss, grad(loss, play.adam_g.params))


def saved(play: Play) -> dict[str, Any]:
    parts: dict[str, Any] = {"G": play.G, "D": play.D, "adam_d": play.adam_d, "adam_g": play.adam_g}
    return {name: part.state_dict() for name, part in parts.items()}


@dataclass(frozen=True)
class Game:
    """What a play does, as functions. Each has right code by default or in ``games``; a bug replaces one.

    name         of the game; ``losses`` names the formulas of its losses in ``checks.formulas``
    data         (rng, n) -> real samples and their classes; noise: (rng, n) -> z without classes
    networks     () -> G and D
    modes        the centres of the data's modes, by their number
    pixels       uint8 -> numbers in [-1, 1]
    label_of     a file's path and the names of the classes -> its class
    fake         (G, z, real) -> what D sees of a batch of G's samples
    penalty      (D, real, fake, rng) -> what is added to D's loss
    class_loss   (logits (n, k), classes (n,)) -> what D's other outputs add to its loss
    bound        the largest weight of D that ``update_d`` leaves
    trains_g     (number of the batch, number of the optimizer, k) -> whether G is trained, after k batches
    """

    name: str
    losses: str
    data: Callable[[Game, np.random.Generator, int], tuple[Array, Array]]
    networks: Callable[[], tuple[Module, Module]]
    loss_d: Callable[[Tensor, Tensor], Tensor]
    loss_g: Callable[[Tensor, Tensor], Tensor]
    modes: Callable[[int], Array] | None = None
    pixels: Callable[[NDArray[np.uint8]], NDArray[Any]] | None = None
    label_of: Callable[[str, list[str]], int] | None = None
    noise: Callable[[np.random.Generator, int], Array] = lambda rng, n: rng.standard_normal((n, 4))
    noise_is: str = "normal"
    fake: Callable[[Module, Tensor, Tensor], Tensor] = lambda G, z, real: G(z)
    penalty: Callable[[Any, Tensor, Tensor, np.random.Generator], Tensor] | None = None
    weight: float = 1.0
    class_loss: Callable[[Tensor, NDArray[np.int64]], Tensor] | None = None
    trained_by_d: Callable[[Module, Module], list[Tensor]] = lambda G, D: list(D.parameters())
    gradients_d: Callable[[Play, Batch], Update] = gradients_d
    gradients_g: Callable[[Play, Batch], Update] = gradients_g
    bound: float | None = None
    update_d: Callable[[Play, list[Tensor]], None] = lambda play, gradients: play.adam_d.step(gradients)
    trains_g: Callable[[int, int, int], bool] = lambda batch, optimizer, k: batch % k == 0
    k: int = 1
    lr: float = 2e-3
    saved: Callable[[Play], dict[str, Any]] = saved


class Play:
    """A game being played from a seed, in float64."""

    def __init__(self, game: Game, seed: int = 0) -> None:
        with own_randomness(seed):
            G, D = game.networks()
        self.game = game
        self.G: Module = G.astype(np.float64)
        self.D: Module = D.astype(np.float64)
        self.rng = np.random.default_rng(seed)
        self.adam_d: Adam = Adam(game.trained_by_d(self.G, self.D), lr=game.lr, betas=(0.5, 0.999))
        self.adam_g: Adam = Adam(list(self.G.parameters()), lr=game.lr, betas=(0.5, 0.999))
        self.batches = 0
        self.updates = {"D": 0, "G": 0}

    def batch(self, n: int = 32) -> Batch:
        """The next ``n`` real samples, and noise with the same classes in another order."""
        real, y = self.game.data(self.game, self.rng, n)
        z = np.concatenate([self.game.noise(self.rng, n), self.rng.permutation(y)], axis=1)
        return Batch(tensor(real), tensor(z), y)

    def loss_d(self, batch: Batch) -> Tensor:
        """D's loss with the game's penalty and classes."""
        fake = self.game.fake(self.G, batch.z, batch.real)
        on_real, on_fake = self.D(batch.real), self.D(fake)
        loss = self.game.loss_d(on_real[:, :1], on_fake[:, :1])
        if self.game.class_loss is not None:
            loss = loss + self.game.class_loss(on_real[:, 1:], batch.y.argmax(axis=1))
        if self.game.penalty is not None:
            loss = loss + self.game.penalty(self.D, batch.real, fake.detach(), self.rng)
        return loss

    def loss_g(self, batch: Batch) -> Tensor:
        """G's loss through D; D's outputs of the real samples are constants to it."""
        on_real = self.D(batch.real).detach()
        on_fake = self.D(self.game.fake(self.G, batch.z, batch.real))
        loss = self.game.loss_g(on_fake[:, :1], on_real[:, :1])
        if self.game.class_loss is not None:
            y = batch.z.numpy()[:, -batch.y.shape[1] :].argmax(axis=1)
            loss = loss + cross_entropy(on_fake[:, 1:], y)
        return loss

    def update_d(self, batch: Batch) -> None:
        """One update of D."""
        self.game.update_d(self, self.game.gradients_d(self, batch).gradients)
        self.updates["D"] += 1

    def update_g(self, batch: Batch) -> None:
        """One update of G."""
        self.adam_g.step(self.game.gradients_g(self, batch).gradients)
        self.updates["G"] += 1

    def advance(self, batches: int) -> Play:
        """Train on some batches: D on each, G on those that the game says."""
        for _ in range(batches):
            self.batches += 1
            self.update_d(self.batch())
            if self.game.trains_g(self.batches, 0, self.game.k):
                self.update_g(self.batch())
        return self

    def samples(self, n: int = 512) -> Array:
        """What G makes (n, ...), always from the same noise."""
        rng = np.random.default_rng(12345)
        _, y = self.game.data(self.game, rng, n)
        made: Array = self.G(tensor(np.concatenate([self.game.noise(rng, n), y], axis=1))).numpy()
        return made

    def weights(self, network: str) -> Array:
        """All weights of "G" or "D" as one array."""
        module: Module = getattr(self, network)
        return np.concatenate([p.numpy().ravel() for p in module.parameters()])

    def move(self, weights: list[Tensor], direction: list[Array], size: float) -> None:
        """Move weights along a direction."""
        for p, v in zip(weights, direction, strict=True):
            modify(p, _add, size * v)

    def resumed(self) -> Play:
        """A play of the same game that goes on from what the game saves."""
        other = Play(self.game, seed=1)
        for name, state in copy.deepcopy(self.game.saved(self)).items():
            getattr(other, name).load_state_dict(state)
        other.rng = copy.deepcopy(self.rng)
        other.batches = self.batches
        return other


def _add(p: Array, change: Array) -> None:
    p += change
