"""What a variant of GAN's losses is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minigrad import Tensor, nn
from minigrad.ops import sigmoid
from minigrad.random import Generator

__all__ = ["Network", "Objective", "Penalty", "score"]

Network = Callable[[Tensor], Tensor]
Penalty = Callable[[Network, Tensor, Tensor, Generator], Tensor]


@dataclass(frozen=True)
class Objective:
    """One GAN's losses; see the package's text for the fields."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[..., Tensor]
    penalty: Penalty | None = None
    constraint: Callable[[nn.Module], None] | None = None
    readout: Callable[[Tensor], Tensor] = sigmoid
    needs_real: bool = False
    against: Callable[[Tensor, Any], Tensor] | None = None

    @property
    def gives_probabilities(self) -> bool:
        """Whether the readout of D is a probability, and not a score."""
        return self.readout is sigmoid


def score(logits: Tensor) -> Tensor:
    """A critic's output as it is."""
    return logits
