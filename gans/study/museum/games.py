"""The games that bugs are planted in, with right code."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data import load
from gans.networks.mlp import leaky, mlp
from gans.objectives import binary_cross_entropy, critic, critic_generator, non_saturating
from gans.objectives.penalties import gradient_penalty
from gans.objectives.relative import relativistic_average
from gans.study.museum.game import Array, Game, Play
from minigrad import Tensor, modify, nn
from minigrad.nn import Module
from minigrad.ops import concatenate, cross_entropy, mean, square

__all__ = ["AUXILIARY", "CLIPPED", "DIGITS", "LABELLED", "NORMED", "PENALISED", "RELATIVE", "RING", "SQUARES"]

MODES = 8
CLASSES = [f"mode{i}" for i in range(MODES)]


def ring_modes(count: int) -> Array:
    """``count`` points on the unit circle, as far apart as can be."""
    angles = np.linspace(0.0, 2 * np.pi, count, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def on_ring(game: Game, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Points around the game's modes, without classes."""
    assert game.modes is not None
    centres = game.modes(MODES)
    points = centres[rng.integers(MODES, size=n)] + 0.05 * rng.standard_normal((n, 2))
    return points, np.zeros((n, 0))


def label_of(path: str, classes: list[str]) -> int:
    """The class of a file is the name of its folder."""
    return classes.index(path.split("/")[-2])


def labelled_ring(game: Game, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Points around a mode of the ring, with the columns of its class; a mode has a folder of files."""
    assert game.modes is not None
    assert game.label_of is not None
    modes = rng.integers(MODES, size=n)
    points = game.modes(MODES)[modes] + 0.05 * rng.standard_normal((n, 2))
    y = np.eye(MODES)[
        [game.label_of(f"ring/{CLASSES[mode]}/{i}.npy", CLASSES) for i, mode in enumerate(modes)]
    ]
    return np.concatenate([points, y], axis=1), y


def classified_ring(game: Game, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Points of the labelled ring without the columns, and these apart."""
    joined, y = labelled_ring(game, rng, n)
    return joined[:, :2], y


def with_class(G: Module, z: Tensor, real: Tensor) -> Tensor:  # noqa: ARG001
    """G's samples with the columns of the classes that they were made for."""
    return concatenate([G(z), z[:, -MODES:]], axis=1)


def pixels(images: NDArray[np.uint8]) -> Array:
    """[0, 255] to [-1, 1]."""
    return images / 127.5 - 1.0


@cache
def small_digits() -> NDArray[np.uint8]:
    """500 digits of 8x8 pixels, each the mean of 3x3: uint8 (500, 1, 8, 8)."""
    data: Any = load("mnist5k")
    middle = data.images[::10].reshape(500, 28, 28)[:, 2:26, 2:26]
    made: NDArray[np.uint8] = middle.reshape(500, 1, 8, 3, 8, 3).mean(axis=(3, 5)).astype(np.uint8)
    return made


def digits(game: Game, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    """Small digits as the game makes them of pixels."""
    assert game.pixels is not None
    chosen = small_digits()[rng.integers(500, size=n)]
    return game.pixels(chosen).astype(np.float64), np.zeros((n, 0))


def networks(latent: int = 4, inputs: int = 2, outputs: int = 2, logits: int = 1) -> tuple[Module, Module]:
    """Perceptrons with two hidden layers of 32 units."""
    return mlp((latent, 32, 32, outputs), leaky), mlp((inputs, 32, 32, logits), leaky)


def digit_networks() -> tuple[Module, Module]:
    """Perceptrons for images of 8x8 pixels."""
    G = mlp((4, 64, 64), leaky, [nn.Tanh(), nn.Unflatten(1, (1, 8, 8))])
    return G, nn.Sequential(nn.Flatten(), *mlp((64, 64, 1), leaky))


def normed_networks() -> tuple[Module, Module]:
    """A G with batch norm, after which nothing but its weights sets the scale."""
    G = nn.Sequential(nn.Linear(4, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 2))
    return G, networks()[1]


def clip(play: Play, gradients: list[Tensor]) -> None:
    """WGAN's update: a step, then the bound, so that G's update sees a D within it."""
    assert play.game.bound is not None
    play.adam_d.step(gradients)
    for p in play.D.parameters():
        modify(p, _clip, play.game.bound)


def _clip(weights: Array, bound: float) -> None:
    weights.clip(-bound, bound, out=weights)


def squares_d(on_real: Tensor, on_fake: Tensor) -> Tensor:
    """LSGAN with the targets 1 and 0 (Mao et al. 2017, equation 9)."""
    return mean(square(on_real - 1.0)) * 0.5 + mean(square(on_fake)) * 0.5


def squares_g(on_fake: Tensor, on_real: Tensor) -> Tensor:  # noqa: ARG001
    """LSGAN's G: its samples towards 1."""
    return mean(square(on_fake - 1.0)) * 0.5


def plain_g(on_fake: Tensor, on_real: Tensor) -> Tensor:  # noqa: ARG001
    """The non-saturating loss."""
    return non_saturating(on_fake)


def critic_g(on_fake: Tensor, on_real: Tensor) -> Tensor:  # noqa: ARG001
    """WGAN's G: a high score."""
    return critic_generator(on_fake)


RING = Game("ring", "cross-entropy", on_ring, networks, binary_cross_entropy, plain_g, modes=ring_modes)

SQUARES = replace(RING, name="ring, LSGAN", losses="squares", loss_d=squares_d, loss_g=squares_g)

RELATIVE = replace(
    RING,
    name="ring, RaGAN",
    losses="relative",
    loss_d=relativistic_average().discriminator,
    loss_g=relativistic_average().generator,
)

PENALISED = replace(
    RING,
    name="ring, WGAN-GP",
    losses="critic",
    loss_d=critic,
    loss_g=critic_g,
    penalty=gradient_penalty(1.0),
    lr=1e-2,
)

CLIPPED = replace(PENALISED, name="ring, WGAN", penalty=None, bound=0.1, update_d=clip, k=5, lr=2e-3)

NORMED = replace(RING, name="ring, batch norm in G", networks=normed_networks)

DIGITS = replace(
    PENALISED, name="digits, WGAN-GP", data=digits, networks=digit_networks, modes=None, pixels=pixels
)

LABELLED = replace(
    RING,
    name="labelled ring, cGAN",
    data=labelled_ring,
    networks=lambda: networks(latent=4 + MODES, inputs=2 + MODES),
    label_of=label_of,
    fake=with_class,
)

AUXILIARY = replace(
    RING,
    name="labelled ring, AC-GAN",
    data=classified_ring,
    networks=lambda: networks(latent=4 + MODES, logits=1 + MODES),
    label_of=label_of,
    class_loss=cross_entropy,
)
