"""The engine's side of an explanation: the losses of a step, their gradients, and the ops that made them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.objectives import interpolate_gradient_norms
from gans.steps import generator_loss, judged
from minigrad import Tensor, grad, no_grad

__all__ = ["Engine", "Ops", "gradients", "measured", "relative_difference"]

Array = NDArray[np.float64]

STEP = 1e-8
"""How far a measurement moves along a gradient, to each side: so little that hardly a ReLU changes sides."""

SAME = 1e-8
"""Arrays that differ by no more than this share of their largest entry are one array."""


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


class Ops:
    """The ops behind Tensors, found by the numbers that they made."""

    def __init__(self, outputs: Iterable[Tensor]) -> None:
        self._by_size: defaultdict[int, list[tuple[Tensor, Array, bool]]] = defaultdict(list)
        for t in _inputs_first(outputs):
            self._by_size[t.size].append((t, t.numpy(), False))
            for array in t.saved or ():
                self._by_size[array.size].append((t, array, True))

    def find(self, value: Any) -> tuple[Tensor, bool] | None:
        """The first Tensor with the numbers of ``value``, in this order, in whatever shape; or None.

        Beside it stands whether its op made them to be saved for the derivative, and not as its result.
        """
        wanted = np.asarray(value, np.float64).ravel()
        scale = np.abs(wanted).max(initial=0.0)
        if scale == 0.0:
            return None
        for t, array, saved in self._by_size[wanted.size]:
            if np.abs(array.ravel() - wanted).max() <= SAME * scale:
                return t, saved
        return None


def _inputs_first(outputs: Iterable[Tensor]) -> list[Tensor]:
    """All Tensors behind ``outputs`` that an op made, each after its inputs."""
    order: list[Tensor] = []
    seen: set[int] = set()
    ahead: list[tuple[Tensor, bool]] = [(t, False) for t in reversed(list(outputs))]
    while ahead:
        t, done = ahead.pop()
        if done:
            order.append(t)
        elif id(t) not in seen and t.op is not None:
            seen.add(id(t))
            ahead.append((t, True))
            ahead.extend((x, False) for x in reversed(t.inputs))
    return order


def gradients(loss: Tensor, wrt: list[Tensor]) -> list[Tensor]:
    """The gradients of ``loss`` with their graph, zeros where it does not depend on a Tensor."""
    return grad(loss, wrt, create_graph=True, unused="zeros")
