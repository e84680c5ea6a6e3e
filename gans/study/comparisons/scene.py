"""What both variants of a comparison compute on: networks, a batch, noise and a random state."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from numpy.typing import DTypeLike, NDArray

from gans.objectives import Objective
from gans.steps import generator_loss
from gans.study.comparisons.penalties import Slopes, slopes_of
from minigrad import Tensor, grad, no_grad, tensor
from minigrad.nn import Module
from minigrad.optim import Adam
from minigrad.random import Generator

__all__ = ["Findings", "Part", "Scene"]


class Part(NamedTuple):
    """A loss, and arrays by name: gradients of it by the names of ``state_dict``, or others."""

    loss: float | None
    arrays: dict[str, NDArray[Any]]


Findings = dict[str, Part]
"""What a variant computes, by its place, such as "D's step"."""


@dataclass
class Scene:
    """One training step before it is taken; each variant gets a copy.

    ``real`` (n, ...) and ``z`` (n, latent) are the batch. The losses are those of the model without instance
    noise and without changed labels.
    """

    G: Module
    D: Module
    objective: Objective
    real: Tensor
    z: Tensor
    rng: Generator
    settings: Any

    def copy(self) -> Scene:
        """Networks and generator of its own, with the same numbers."""
        G, D, rng = copy.deepcopy((self.G, self.D, self.rng))
        return replace(self, G=G, D=D, rng=rng)

    def astype(self, dtype: DTypeLike) -> Scene:
        """The same in another float dtype."""
        made = self.copy()
        made.G.astype(dtype)
        made.D.astype(dtype)
        return replace(made, real=self.real.astype(dtype), z=self.z.astype(dtype))

    def loss_d(self, fake: Tensor) -> Tensor:
        """D's loss on the batch and on ``fake``, with the model's penalty."""
        return self.objective.discriminator(self.D(self.real), self.D(fake)) + self.penalty(fake)

    def loss_g(self, fake: Tensor) -> Tensor:
        """G's loss, through D."""
        return self.loss_of_g(self.D(fake))

    def loss_of_g(self, on_fake: Tensor) -> Tensor:
        """G's loss on D's logits of fakes; those of real samples are constants to it."""
        on_real = None
        if self.objective.needs_real:
            with no_grad():
                on_real = self.D(self.real)
        return generator_loss(self.objective, on_fake, on_real)

    def penalty(self, fake: Tensor) -> Tensor:
        """The model's penalty of D's slope; 0 if it has none."""
        if self.objective.penalty is None:
            return tensor(0.0, self.real.dtype)
        return self.objective.penalty(self.D, self.real, fake, self.rng)

    def points(self, fake: Tensor) -> Tensor:
        """The points (n, ...) at which the model's penalty takes D's slope."""
        return self._slopes.at(self.real, fake, self.rng)

    def cost(self, slope: Tensor) -> Tensor:
        """The model's penalty of D's ``slope`` (n, ...) at these points."""
        return self._slopes.cost(slope)

    def gradients(
        self, loss: Tensor, wrt: Module | dict[str, Tensor], through: tuple[Tensor, Tensor] | None = None
    ) -> Part:
        """The gradients of ``loss`` in the weights of G or D, or in tensors by their names.

        ``through`` are a tensor and the loss's gradient in it, where that has been computed already.
        """
        named = self._weights(wrt) if isinstance(wrt, Module) else wrt
        output, g = through or (loss, None)
        found = grad(output, list(named.values()), grad_output=g, unused="zeros")
        return self.part(loss, dict(zip(named, found, strict=True)))

    def slopes(self, loss: Tensor, tensors: dict[str, Tensor]) -> Part:
        """The slope of each sample's own part of ``loss``, their mean, at D's logits."""
        return self.gradients(loss * len(self.real), tensors)._replace(loss=None)

    def part(self, loss: Tensor | None, tensors: dict[str, Tensor]) -> Part:
        """``loss`` and ``tensors`` as numbers."""
        arrays = {name: t.numpy().copy() for name, t in tensors.items()}
        return Part(None if loss is None else float(loss), arrays)

    def adam(self, part: Part) -> Part:
        """The first step of Adam that D's weights take down the gradients of ``part``, in learning rates."""
        before = {name: p.numpy().copy() for name, p in self._weights(self.D).items()}
        self._optimizer().step([tensor(g) for g in part.arrays.values()])
        after = {name: p.numpy() for name, p in self._weights(self.D).items()}
        return Part(None, {name: (after[name] - before[name]) / self._optimizer().lr for name in before})

    def update_d(self, fake: Tensor) -> None:
        """One update of D, with Adam at the model's learning rate."""
        self._optimizer().step(grad(self.loss_d(fake), self.D.parameters()))
        if self.objective.constraint is not None:
            self.objective.constraint(self.D)

    def weights(self, network: Module, gradients: list[Tensor], loss: Tensor | None = None) -> Part:
        """``gradients`` in the weights of G or D, under the weights' names."""
        return self.part(loss, dict(zip(self._weights(network), gradients, strict=True)))

    def _optimizer(self) -> Adam:
        return Adam(self.D.parameters(), lr=self.settings.lr * self.settings.lr_ratio)

    @property
    def _slopes(self) -> Slopes:
        slopes = slopes_of(self.settings)
        assert slopes is not None, "Change.fit lets only models with a penalty through"
        return slopes

    def _weights(self, network: Module) -> dict[str, Tensor]:
        prefix = {id(self.G): "generator", id(self.D): "discriminator"}[id(network)]
        return {f"{prefix}.{name}": p for name, p in network.named_parameters()}
