"""Training tricks of two-player GANs: what D is shown, the labels that it learns, and layers of noise.

Instance noise is added to all samples that D sees, real ones and G's, in D's updates and in G's: where both
distributions have little in common, it makes them overlap (Sonderby et al. 2017; Arjovsky and Bottou 2017,
section 3). Its standard deviation falls in a straight line.

Labels: D is taught ``1 - smooth_real`` for real samples and ``smooth_fake`` for generated ones, and in a
share ``flip_labels`` of each batch the other kind's label (Salimans et al. 2016, section 3.4).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from gans.networks.noise import Dropout, GaussianNoise, between
from gans.objectives import Objective
from gans.objectives.objective import Network
from gans.systems.two_player_settings import ClassifierSettings, ComparableSettings, TwoPlayerSettings
from minigrad import Tensor, nn
from minigrad.ops import where
from minigrad.random import Generator, normal, uniform

__all__ = [
    "by_larger_loss",
    "instance_noise",
    "shown",
    "taught",
    "with_noisy_layers",
    "without_dropout",
]


def instance_noise(settings: TwoPlayerSettings, step: int) -> float:
    """The standard deviation of instance noise in the step after ``step`` steps.

    >>> settings = TwoPlayerSettings(instance_noise=0.5, instance_noise_steps=100)
    >>> [instance_noise(settings, step) for step in (0, 50, 100, 1000)]
    [0.5, 0.25, 0.0, 0.0]
    """
    steps = settings.instance_noise_steps
    return settings.instance_noise * (max(0.0, 1 - step / steps) if steps else 1.0)


def shown(G: Network, real: Any, std: Tensor | None, rng: Generator) -> tuple[Network, Any]:
    """G, and ``real`` if there is a batch, as D sees them: with noise from N(0, std^2), or with none."""
    if std is None:
        return G, real
    seen = None if real is None else _noisy(real, std, rng)
    return lambda z: _noisy(G(z), std, rng), seen


def _noisy(x: Tensor, std: Tensor, rng: Generator) -> Tensor:
    """``x`` with noise from N(0, std^2)."""
    return x + std * normal(x.shape, dtype=x.dtype, generator=rng, device=x.device)


def taught(objective: Objective, settings: TwoPlayerSettings, rng: Generator) -> Objective:
    """``objective`` with the labels of ``settings`` for D; flips are drawn from ``rng``."""
    if not isinstance(settings, ClassifierSettings):
        return objective
    real, fake, share = 1 - settings.smooth_real, settings.smooth_fake, settings.flip_labels
    if (real, fake, share) == (1, 0, 0):
        return objective
    against = objective.against
    assert against is not None, f"D learns no labels in {settings.objective}"

    def discriminator(on_real: Tensor, on_fake: Tensor) -> Tensor:
        labels = partial(_labels, share=share, rng=rng)
        return against(on_real, labels(on_real, real, fake)) + against(on_fake, labels(on_fake, fake, real))

    return replace(objective, discriminator=discriminator)


def by_larger_loss(settings: TwoPlayerSettings) -> bool:
    """Whether each step updates the network with the larger loss alone."""
    return isinstance(settings, ComparableSettings) and settings.turns == "larger-loss"


def _labels(logits: Tensor, own: float, other: float, *, share: float, rng: Generator) -> Tensor | float:
    """The label ``own`` for all logits, or ``other`` in its place with a probability of ``share``."""
    if not share:
        return own
    flipped = uniform(logits.shape, generator=rng, device=logits.device) < share
    return where(flipped, other, own).astype(logits.dtype)


def without_dropout(G: nn.Module) -> nn.Module:
    """G as PyTorch can have it: with its own Dropout, which evaluation skips."""
    if not isinstance(G, nn.Sequential):
        return G
    return nn.Sequential(*[nn.Dropout(part.p) if isinstance(part, Dropout) else part for part in G])


def with_noisy_layers(networks: dict[str, nn.Module], settings: TwoPlayerSettings) -> dict[str, nn.Module]:
    """D with noise, and G with dropout, between their layers, if the settings have them.

    Raises UserError if the network is no Sequential.
    """
    changed = dict(networks)
    if settings.layer_noise:
        noise = partial(GaussianNoise, settings.layer_noise)
        changed["discriminator"] = between(networks["discriminator"], noise, "layer_noise")
    if settings.dropout:
        drop = partial(Dropout, settings.dropout, lasting=settings.test_dropout)
        changed["generator"] = between(networks["generator"], drop, "dropout")
    return changed
