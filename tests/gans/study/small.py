"""Small systems in float64, and their explanations, for tests of the steps by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gans.networks.mlp import leaky, mlp
from gans.study import Explanation
from gans.study.explain import explain_system
from gans.study.explanation import Batch
from gans.systems import build, settings_for
from minigrad import nn

WIDTHS = ((5, 7, 6), (8, 4))
"""Hidden units of G and of D."""

TOLERANCE = 1e-10

Shape = tuple[int, int, int]


def system_of(model: str, shape: Shape = (1, 8, 8), widths: Any = WIDTHS, **settings: Any) -> Any:
    """A system of ``model`` in float64 with initial weights of a size that moves its logits."""
    sizes = {"latent": 3, **({} if model == "gan" else {"features": 2, "base": 2}), **settings}
    system = build(settings_for(model, "image", **sizes), shape)
    if model == "gan":
        pixels, (of_g, of_d) = math.prod(shape), widths
        output = [nn.Tanh(), nn.Unflatten(1, shape)]
        system.generator = mlp((sizes["latent"], *of_g, pixels), leaky, output)
        system.discriminator = nn.Sequential(nn.Flatten(), *mlp((pixels, *of_d, 1), leaky))
    for network in (system.generator, system.discriminator):
        network.double()
        for p in network.parameters():
            p.data = p.data + 0.2 * np.random.default_rng(p.size).standard_normal(p.shape)
    return system


def explained(model: str, n: int = 3, seed: int = 0, shape: Shape = (1, 8, 8), **options: Any) -> Explanation:
    """Both steps of a small system on random images."""
    system = system_of(model, shape, **options)
    rng = np.random.default_rng(seed)
    real, z = rng.uniform(-1, 1, (n, *shape)), rng.standard_normal((n, system.settings.latent))
    return explain_system(model, system, real, z, Batch("random", n, seed))


def wrongly_measured(explanation: Explanation) -> list[str]:
    """The gradients whose length is not the measured one."""
    return [
        row.name
        for row in explanation.rows
        if row.measured is not None and abs(row.measured - row.by_hand) > 1e-5 * (1 + row.by_hand)
    ]
