"""The engine's side of an explanation: the losses of a step, their gradients, and the ops that made them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gans.objectives import interpolate_gradient_norms
from gans.steps import generator_loss, judged
from gans.study.beside import Beside
from minigrad import Tensor, grad, no_grad, trace

__all__ = ["Engine", "measured", "relative_difference"]

Array = NDArray[np.float64]

STEP = 1e-8
"""How far a measurement moves along a gradient, to each side: so little that hardly a ReLU changes sides."""


class Engine:
    """D's step and G's step of a two-player system, at one batch ``real`` and one ``z``, without an update.

    ``seed`` decides the points at which a penalty is taken.
    """

    def __init__(self, system: Any, real: Array, z: Array, seed: Any) -> None:
        self.G, self.D, self.objective = system.generator, system.discriminator, system.objective
        self.real, self.z, self._seed = Tensor(real), Tensor(z), seed
        with no_grad():
            self.fake = self.G(self.z)

    def loss_d(self) -> Tensor:
        """The loss of D's step, its penalty included."""
        loss: Tensor = self.objective.discriminator(*self.logits())
        return loss if self.objective.penalty is None else loss + self.penalty()

    def logits(self) -> tuple[Tensor, Tensor]:
        """D's logits of real and of fake images, which are constants here."""
        return judged(self.D, self.real, self.fake)

    def penalty(self) -> Tensor:
        """The penalty alone."""
        penalty: Tensor = self.objective.penalty(self.D, self.real, self.fake, self._rng())
        return penalty

    def norms(self) -> Tensor:
        """The norms of the critic's gradient that the penalty holds at 1."""
        return interpolate_gradient_norms(self.D, self.real, self.fake, self._rng())

    def loss_g(self) -> Tensor:
        """The loss of G's step, from z."""
        return self.loss_of(self.G(self.z))

    def loss_of(self, fake: Tensor) -> Tensor:
        """The loss of G's step, from images."""
        return generator_loss(self.objective, self.D(fake))

    def step_d(self) -> tuple[Tensor, list[Tensor]]:
        """D's loss, and its gradients in D's weights."""
        with no_grad():
            self.fake = self.G(self.z)
        loss = self.loss_d()
        return loss, grad(loss, self.D.parameters(), unused="zeros")

    def step_g(self) -> tuple[Tensor, list[Tensor]]:
        """G's loss, and its gradients in the fake images, in z and in G's weights."""
        fake = self.G(self.z)
        loss = self.loss_of(fake)
        return loss, grad(loss, [fake, self.z, *self.G.parameters()])

    def beside(self, step: Literal["D", "G"]) -> Beside:
        """All that minigrad does in a step."""
        names = {"G": self.G, "D": self.D, "real": self.real, "z": self.z}
        return Beside(trace(self.step_d if step == "D" else self.step_g, names=names, arrays=True))

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(self._seed)


def measured(loss: Callable[[], Tensor], x: Tensor, gradient: Array) -> float:
    """The rate of ``loss`` along ``gradient``, from two runs of it: (L(x + h v) - L(x - h v)) / 2h.

    v is the gradient at length 1, so that the rate is the gradient's length if the gradient is right. A
    gradient of zeros is checked along a diagonal.
    """
    v = gradient if gradient.any() else np.ones_like(gradient)
    start, move = x.data, STEP * v.reshape(x.shape) / np.linalg.norm(v)
    values = []
    for moved in (start + move, start - move):
        x.data = moved
        values.append(loss().item())
    x.data = start
    return float(values[0] - values[1]) / (2 * STEP)


def relative_difference(a: Array, b: Array, parts: Iterable[Array] = ()) -> float:
    """The largest difference of two arrays as a share of their largest entry, or of that of their ``parts``.

    >>> relative_difference(np.array([1.0, 4.0]), np.array([1.0, 5.0]))
    0.2

    Parts count where a sum is all but zero: its digits are those of what cancels.
    """
    scale = max(float(np.abs(x).max()) for x in (a, b, *parts))
    return float(np.abs(a.reshape(b.shape) - b).max()) / scale if scale else 0.0
