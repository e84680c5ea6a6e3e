"""The variants of GAN on CUDA code give the numbers of the CPU."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.systems import build, settings_for

SMALL: dict[str, Any] = {"batch_size": 6, "latent": 4, "width": 8, "depth": 1}
ROWS = ["wgan-div", "lsgan", "sngan", "dragan", "relativistic", "r1", "pacgan"]
DIVERGENCES = ["kl", "reverse-kl", "pearson", "squared-hellinger", "jensen-shannon", "gan"]
CASES: list[tuple[str, dict[str, Any]]] = [
    *[(model, {}) for model in ROWS],
    ("r1", {"r1": 0.0, "r2": 2.0}),
    ("relativistic", {"objective": "relativistic"}),
    *[("f-gan", {"divergence": name}) for name in DIVERGENCES],
]


def numbers_of_a_step(model: str, device: str, changes: dict[str, Any]) -> dict[str, float]:
    mg.manual_seed(0)
    gan = build(settings_for(model, "points", **SMALL, **changes), (2,), device)
    rng = np.random.default_rng(0)
    real = [mg.tensor(rng.uniform(-1, 1, (6, 2)), np.float32, device) for _ in range(2)]
    numbers = gan.update_discriminator(real[0], rng)
    numbers |= gan.update_generator(rng, *real[1:] if gan.objective.needs_real else [])
    return {name: number.item() for name, number in numbers.items()}


@pytest.mark.parametrize(("model", "changes"), CASES)
def test_the_step_of_each_variant(model: str, changes: dict[str, Any], cupy: ModuleType) -> None:
    found, expected = (numbers_of_a_step(model, device, changes) for device in ("cuda", "cpu"))
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-6)
