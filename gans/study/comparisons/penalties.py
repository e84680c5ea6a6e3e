"""The penalties of the models in two parts: where D's slope is taken, and what its size costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gans.systems.regularised import DraganSettings, ZeroCentredSettings
from gans.systems.wasserstein import PenaltySettings, WassersteinDivSettings
from minigrad import Tensor, no_grad
from minigrad.ops import mean, norm_per_sample, square, std, sum
from minigrad.random import Generator, normal, uniform

__all__ = ["Slopes", "between", "slopes_of"]


class Slopes(NamedTuple):
    """``at(real, fake, rng)`` are points (n, ...), ``cost(slope)`` is the penalty of D's slope there."""

    at: Callable[[Tensor, Tensor, Generator], Tensor]
    cost: Callable[[Tensor], Tensor]


def slopes_of(settings: Any) -> Slopes | None:
    """The penalty of a model with these settings; None if it has none, or two."""
    if isinstance(settings, PenaltySettings):
        return Slopes(between, lambda slope: mean(square(norm_per_sample(slope) - 1.0)) * settings.penalty)
    if isinstance(settings, WassersteinDivSettings):
        k, p = settings.penalty, settings.power
        return Slopes(between, lambda slope: mean(norm_per_sample(slope) ** p) * k)
    if isinstance(settings, DraganSettings):
        return Slopes(
            lambda real, fake, rng: _near(real, settings.spread, rng),
            lambda slope: mean(square(norm_per_sample(slope) - 1.0)) * settings.penalty,
        )
    if isinstance(settings, ZeroCentredSettings) and settings.r1 and not settings.r2:
        return Slopes(
            lambda real, fake, rng: real,
            lambda slope: sum(square(slope)) * (1 / len(slope)) * (settings.r1 / 2),
        )
    return None


def between(real: Tensor, fake: Tensor, rng: Generator, *, per_number: bool = False) -> Tensor:
    """A random point between each real and fake sample; ``per_number`` draws a share for each number."""
    with no_grad():
        shape = real.shape if per_number else (len(real), *[1] * (real.ndim - 1))
        t = uniform(shape, dtype=np.float64, generator=rng, device=real.device).astype(real.dtype)
        return t * real + (1 - t) * fake


def _near(real: Tensor, spread: float, rng: Generator) -> Tensor:
    """Each real sample with noise, in shares of the batch's standard deviation."""
    with no_grad():
        delta = normal(real.shape, dtype=real.dtype, generator=rng, device=real.device)
        return real + delta * (std(real) * spread)
