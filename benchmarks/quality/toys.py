"""Toy experiments: a GAN on the ring of 8, a WGAN-GP on the grid of 25."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import minigrad as mg
from gans.data import ToyData
from gans.errors import UserError
from gans.metrics import mode_coverage
from gans.objectives import interpolate_gradient_norms
from gans.reproductions.toys import points, start
from gans.systems import settings_for


def ring(seeds: Sequence[int], seconds: float = 58.0) -> Iterator[dict[str, Any]]:
    """The MLP GAN on the ring of 8, ``seconds`` of training a seed: modes, high-quality share, reverse KL."""
    for seed in seeds:
        training, toy = start(settings_for("gan", "points"), "ring", seed)
        started = time.perf_counter()
        while time.perf_counter() - started < seconds:
            training.advance()
        elapsed = round(time.perf_counter() - started, 1)
        yield {"seed": seed, "steps": training.step, "seconds": elapsed} | _coverage(training.system, toy)


def grid(seeds: Sequence[int], steps: int = 5000, every: int = 100) -> Iterator[dict[str, Any]]:
    """WGAN-GP on the grid of 25: modes, and the gradient's norm on interpolates over training."""
    _check_length(steps, every)
    for seed in seeds:
        training, toy = start(settings_for("wgan-gp", "points"), "grid-gulrajani", seed)
        trace = []
        while training.step < steps:
            training.advance()
            if training.step % every == 0:
                norm = _mean_norm(training.system, toy)
                trace.append({"step": training.step, "norm": norm} | _coverage(training.system, toy))
        settled = float(np.mean([t["norm"] for t in trace[-len(trace) // 5 :]]))
        result = {"seed": seed, "steps": steps, "settled_norm": settled}
        yield result | _coverage(training.system, toy) | {"trace": trace}


def _check_length(steps: int, least: int) -> None:
    if steps < least:
        raise UserError(f"--steps {steps}: too few to measure anything; give at least {least}")


def _coverage(gan: Any, toy: ToyData) -> dict[str, Any]:
    assert toy.modes is not None
    found = mode_coverage(points(gan), toy.modes, toy.std)
    return {"modes": found.covered, "high_quality": found.high_quality, "reverse_kl": found.reverse_kl}


def _mean_norm(gan: Any, toy: ToyData, n: int = 2048) -> float:
    rng = np.random.default_rng(12345)
    real, fake = mg.Tensor(toy.sample(n, rng)), mg.Tensor(gan.generate(gan.latent(n, rng)))
    return float(interpolate_gradient_norms(gan.discriminator, real, fake, rng).data.mean())
