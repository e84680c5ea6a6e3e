"""A small task of translation with two right answers: x on the line becomes x + 2 or x - 2, with noise.

What is measured of image-to-image translation here has its reasons in the losses, not in the images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import minigrad as mg
from gans.networks.mlp import leaky, mlp
from gans.objectives import binary_cross_entropy, non_saturating
from gans.study.board.trial import Trial
from gans.updates import descend
from minigrad import Tensor, nn, no_grad, tensor
from minigrad.ops import abs as absolute
from minigrad.ops import concatenate, mean, square
from minigrad.optim import Adam

__all__ = ["Task", "translated"]

GAP, NOISE, BATCH, STEPS = 2.0, 0.05, 128, 1_500


@dataclass(frozen=True)
class Task:
    """The losses of a translation: weights of L1 and L2, and whether there is a D, and what it sees."""

    l1: float = 0.0
    l2: float = 0.0
    adversarial: bool = False
    sees_input: bool = True


def translated(trial: Trial, task: Task) -> dict[str, float]:
    """A trained translator's figures, with y for fresh x.

    ``miss`` is the mean distance to the nearer right answer, ``spread`` the standard deviation of answers to
    one x over noise (2 if both are given as often), ``sides`` the share of x with answers on both sides.
    """
    mg.manual_seed(trial.seed)
    rng = np.random.default_rng(trial.seed)
    G = mlp((3, 64, 64, 1), nn.ReLU)
    D = mlp((2 if task.sees_input else 1, 64, 64, 1), leaky)
    adam_g, adam_d = (
        Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999)),
        Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999)),
    )
    for _ in range(trial.cut(STEPS)):
        trial.check()
        x, y = _pairs(BATCH, rng)
        if task.adversarial:
            with no_grad():
                made = G(_input(x, rng))
            descend(binary_cross_entropy(D(_seen(task, x, y)), D(_seen(task, x, made))), adam_d)
        made = G(_input(x, rng))
        loss = task.l1 * mean(absolute(made - y)) + task.l2 * mean(square(made - y))
        if task.adversarial:
            loss = loss + non_saturating(D(_seen(task, x, made)))
        descend(loss, adam_g)
    return _figures(G, rng)


def _pairs(n: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    x = rng.uniform(-1, 1, (n, 1))
    y = x + GAP * rng.choice([-1.0, 1.0], (n, 1)) + NOISE * rng.standard_normal((n, 1))
    return tensor(x, np.float32), tensor(y, np.float32)


def _input(x: Tensor, rng: np.random.Generator) -> Tensor:
    return concatenate([x, tensor(rng.standard_normal((len(x), 2)), np.float32)], axis=1)


def _seen(task: Task, x: Tensor, y: Tensor) -> Tensor:
    return concatenate([x, y], axis=1) if task.sees_input else y


def _figures(G: nn.Module, rng: np.random.Generator) -> dict[str, float]:
    x = np.repeat(np.linspace(-1, 1, 40), 50)[:, None]
    with no_grad():
        answers = (G(_input(tensor(x, np.float32), rng)).numpy() - x).reshape(40, 50)
    return {
        "miss": float(np.abs(np.abs(answers) - GAP).mean()),
        "spread": float(answers.std(axis=1).mean()),
        "sides": float(((answers > 0).any(axis=1) & (answers < 0).any(axis=1)).mean()),
    }
