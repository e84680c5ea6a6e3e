"""The losses of D and G: pure functions of D's logits, so that a variant of GAN is data.

``Objective(discriminator, generator, penalty, constraint, readout, needs_real, against)``:

- ``discriminator(real, fake)`` and ``generator(fake)`` map logits (n, 1) to a loss of one element; with
  ``needs_real`` it is ``generator(fake, real)``, of the logits of a batch of real samples too;
- ``penalty(D, real, fake, rng)`` is added to D's loss, ``real`` and ``fake`` are samples here;
- ``constraint(D)`` acts on D's weights after each of D's updates;
- ``readout(logits)`` turns logits into the number to watch: D's probability, or a critic's score;
- ``against(logits, labels)`` is D's loss on other labels than 1 for real samples and 0 for generated ones: a
  number, or a Tensor (n, 1). None if D learns no labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from gans.objectives.critics import (
    clip_weights,
    critic,
    critic_generator,
    wasserstein,
    wasserstein_div,
    wasserstein_gp,
)
from gans.objectives.cross_entropy import (
    binary_cross_entropy,
    minimax,
    non_saturating,
    non_saturating_gan,
    saturating,
)
from gans.objectives.divergences import f_divergence
from gans.objectives.information import shared_information
from gans.objectives.objective import Objective, score
from gans.objectives.penalties import (
    dragan_penalty,
    gradient_penalty,
    interpolate_gradient_norms,
    r1_penalty,
    r2_penalty,
)
from gans.objectives.relative import relativistic, relativistic_average
from gans.objectives.scores import hinge, least_squares

__all__ = [
    "Objective",
    "binary_cross_entropy",
    "clip_weights",
    "critic",
    "critic_generator",
    "dragan_penalty",
    "f_divergence",
    "gradient_penalty",
    "hinge",
    "interpolate_gradient_norms",
    "least_squares",
    "minimax",
    "non_saturating",
    "non_saturating_gan",
    "r1_penalty",
    "r2_penalty",
    "relativistic",
    "relativistic_average",
    "saturating",
    "score",
    "shared_information",
    "wasserstein",
    "wasserstein_div",
    "wasserstein_gp",
]

if not TYPE_CHECKING:  # a checker finds names that do not exist by itself

    def __getattr__(name: str) -> NoReturn:
        if name == "gan":
            raise AttributeError("gans.objectives.gan is called gans.objectives.non_saturating_gan")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
