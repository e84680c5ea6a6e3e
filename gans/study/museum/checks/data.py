"""Checks of what goes in: pixels, modes, classes, noise, and the scale that batch norm sets."""

from __future__ import annotations

import numpy as np

from gans.study.museum.checks.outcome import Outcome
from gans.study.museum.game import Game, Play
from minigrad import tensor
from minigrad.nn import BatchNorm1d

__all__ = ["classes", "modes", "noise", "round_trip", "unit_variance"]


def round_trip(game: Game) -> Outcome | None:
    """Each of the 256 values of a pixel becomes a number of its own in [-1, 1]."""
    if game.pixels is None:
        return None
    values = np.unique(game.pixels(np.arange(256, dtype=np.uint8)))
    holds = len(values) == 256 and values.min() >= -1 and values.max() <= 1
    return Outcome(bool(holds), f"256 values of a pixel are {len(values)} numbers")


def modes(game: Game) -> Outcome | None:
    """As many modes as there should be are apart."""
    if game.modes is None:
        return None
    centres = {tuple(row) for row in np.round(game.modes(8), 9) + 0.0}
    return Outcome(len(centres) == 8, f"8 modes have {len(centres)} centres")


def classes(game: Game) -> Outcome | None:
    """Every class is among the data, and D sees a fake with the class that G was given."""
    play = Play(game)
    batch = play.batch(256)
    count = batch.y.shape[1]
    if not count:
        return None
    found = len(np.unique(batch.y.argmax(axis=1)))
    seen = game.fake(play.G, batch.z, batch.real).numpy()
    given = batch.z.numpy()[:, -count:]
    shares = [float(np.all(seen[:, -count:] == given, axis=1).mean())] if seen.shape[1] > count else []
    words = [f"{found} of {count} classes are among the data"]
    words += [f"D sees {share:.0%} of fakes with the class that G was given" for share in shares]
    return Outcome(found == count and all(share == 1 for share in shares), ", ".join(words))


def noise(game: Game) -> Outcome:
    """The noise has the moments and the range of the distribution that the game names."""
    drawn = game.noise(np.random.default_rng(0), 5_000)
    mean, std = float(drawn.mean()), float(drawn.std())
    right = 1.0 if game.noise_is == "normal" else 3**-0.5
    inside = game.noise_is == "normal" or bool(np.abs(drawn).max() <= 1)
    holds = abs(mean) < 0.05 and abs(std - right) < 0.05 and inside
    return Outcome(
        holds,
        f"the noise has mean {mean:.2f} and standard deviation {std:.2f}, {game.noise_is} has {right:.2f}",
    )


def unit_variance(game: Game) -> Outcome | None:
    """A layer of batch norm makes inputs of any scale have variance 1."""
    play = Play(game)
    layers = [m for network in (play.G, play.D) for m in network.modules() if isinstance(m, BatchNorm1d)]
    if not layers:
        return None
    x = 0.1 * np.random.default_rng(0).standard_normal((64, layers[0].num_features))
    found = float(layers[0](tensor(x)).numpy().var(axis=0).mean())
    return Outcome(abs(found - 1) < 0.01, f"inputs of variance 0.01 leave batch norm with {found:.2f}")
