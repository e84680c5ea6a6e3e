"""Checks of the losses' values: the papers' formulas in NumPy, and the ends of the number line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.study.museum.checks.outcome import Outcome
from gans.study.museum.game import Game, Play
from minigrad import Tensor, grad, modify, tensor

__all__ = ["finite", "formula"]

Array = NDArray[np.float64]

LOGITS = np.random.default_rng(0).normal(0.0, 2.0, (2, 16, 1))
FAR = 800.0
"""A logit whose sigmoid is 1 in float64."""


def log_d(logits: Array) -> Array:
    return -np.logaddexp(0.0, -logits)


def log_not_d(logits: Array) -> Array:
    return -np.logaddexp(0.0, logits)


FORMULAS: dict[str, tuple[Callable[[Array, Array], Any], Callable[[Array, Array], Any]]] = {
    "cross-entropy": (
        lambda real, fake: -log_d(real).mean() - log_not_d(fake).mean(),
        lambda real, fake: -log_d(fake).mean(),
    ),
    "squares": (
        lambda real, fake: 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean(),
        lambda real, fake: 0.5 * ((fake - 1) ** 2).mean(),
    ),
    "critic": (lambda real, fake: fake.mean() - real.mean(), lambda real, fake: -fake.mean()),
    "relative": (
        lambda real, fake: -log_d(real - fake.mean()).mean() - log_not_d(fake - real.mean()).mean(),
        lambda real, fake: -log_d(fake - real.mean()).mean() - log_not_d(real - fake.mean()).mean(),
    ),
}
"""The losses of D and of G as the papers write them, of D's outputs on real and fake samples."""


def formula(game: Game) -> Outcome:
    """The losses are the paper's formulas, computed again in NumPy from the same outputs of D."""
    real, fake = LOGITS
    of_d, of_g = FORMULAS[game.losses]
    pairs = {
        "D's loss": (game.loss_d(tensor(real), tensor(fake)), of_d(real, fake)),
        "G's loss": (game.loss_g(tensor(fake), tensor(real)), of_g(real, fake)),
    }
    if game.class_loss is not None:
        logits, y = LOGITS.reshape(4, 8), np.arange(4)
        right = (np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(4), y]).mean()
        pairs["the loss of the classes"] = (game.class_loss(tensor(logits), y), right)
    name = max(pairs, key=lambda name: abs(pairs[name][0].item() - pairs[name][1]))
    given, right = pairs[name][0].item(), float(pairs[name][1])
    return Outcome(abs(given - right) < 1e-9, f"{name} is {given:.4g}, by the formula {right:.4g}")


def finite(game: Game) -> Outcome:
    """Losses and gradients are finite: for a D that is sure, and for a D without a slope."""
    for size in (FAR, -FAR):
        outputs = [tensor(np.full((4, 1), sign * size)) for sign in (1.0, -1.0)]
        with np.errstate(all="ignore"):
            loss = game.loss_d(*outputs)
            slopes = grad(loss, outputs, unused="zeros")
        if not _finite(loss, *slopes):
            return Outcome(False, f"at D's logits of {size:+.0f} D's loss is {loss.item()}")
    if game.penalty is not None:
        play = Play(game)
        for p in play.D.parameters():
            modify(p, _flatten)
        batch = play.batch()
        with np.errstate(all="ignore"):
            found = game.gradients_d(play, batch).gradients
        if not _finite(*found):
            return Outcome(False, "where D's slope is 0, the gradient of its penalty is NaN")
    return Outcome(True, "losses and gradients are finite where D is sure, and where it is flat")


def _flatten(weights: Array) -> None:
    weights[...] = 0.0


def _finite(*tensors: Tensor) -> bool:
    return all(bool(np.isfinite(t.numpy()).all()) for t in tensors)
