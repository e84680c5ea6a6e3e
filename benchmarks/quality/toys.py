"""Toy experiments: a GAN on the ring of 8, a WGAN's critic against W1, a WGAN-GP on the grid of 25."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

import minigrad as mg
from gans import systems
from gans.data import ToyData, load
from gans.errors import UserError
from gans.metrics import mode_coverage, rank_correlation, wasserstein_1d
from gans.objectives import interpolate_gradient_norms
from gans.steps import discriminator_step
from gans.systems.two_player import TwoPlayer
from gans.trainer import Training

SAMPLES = 2500
"""Points that PacGAN judges modes by."""


def ring(seeds: Sequence[int], seconds: float = 58.0) -> Iterator[dict[str, Any]]:
    """The MLP GAN on the ring of 8, ``seconds`` of training a seed: modes, high-quality share, reverse KL."""
    for seed in seeds:
        training, toy = _start("gan", "ring", seed)
        started = time.perf_counter()
        while time.perf_counter() - started < seconds:
            training.advance()
        elapsed = round(time.perf_counter() - started, 1)
        yield {"seed": seed, "steps": training.step, "seconds": elapsed} | _coverage(training.system, toy)


def wasserstein(seeds: Sequence[int], steps: int = 2500, every: int = 20) -> Iterator[dict[str, Any]]:
    """WGAN on the 1-D Gaussian: rank correlation of the critic's estimate with the exact W1 over training.

    The estimate is that of a trained critic (Arjovsky et al. 2017, theorem 3), so the critic begins with 500
    updates against the untrained generator.
    """
    _check_length(steps, 2 * every)
    for seed in seeds:
        training, toy = _start("wgan", "gaussian", seed)
        _train_critic(training, toy, updates=500)
        trace = []
        while training.step < steps:
            training.advance()
            if training.step % every == 0:
                trace.append({"step": training.step} | _distances(training.system, toy))
        correlation = rank_correlation([t["w1"] for t in trace], [t["estimate"] for t in trace])
        yield {"seed": seed, "steps": steps, "rank_correlation": correlation, "trace": trace}


def grid(seeds: Sequence[int], steps: int = 5000, every: int = 100) -> Iterator[dict[str, Any]]:
    """WGAN-GP on the grid of 25: modes, and the gradient's norm on interpolates over training."""
    _check_length(steps, every)
    for seed in seeds:
        training, toy = _start("wgan-gp", "grid-gulrajani", seed)
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


def _start(model: str, data: str, seed: int) -> tuple[Training, ToyData]:
    toy = load(data)
    assert isinstance(toy, ToyData)
    mg.manual_seed(seed)
    gan = systems.build(systems.settings_for(model, "points"), toy.shape)
    return Training(gan, toy, seed), toy


def _train_critic(training: Training, toy: ToyData, updates: int) -> None:
    gan, rng, n = training.system, training.rng, training.system.settings.batch_size
    for _ in range(updates):
        real, z = mg.Tensor(toy.sample(n, rng)), gan.latent(n, rng)
        discriminator_step(gan.generator, gan.discriminator, gan.optimizer_d, gan.objective, real, z, rng)


def _coverage(gan: TwoPlayer, toy: ToyData) -> dict[str, Any]:
    points = gan.generate(gan.latent(SAMPLES, np.random.default_rng(12345)))
    assert toy.modes is not None
    found = mode_coverage(points, toy.modes, toy.std)
    return {"modes": found.covered, "high_quality": found.high_quality, "reverse_kl": found.reverse_kl}


def _distances(gan: TwoPlayer, toy: ToyData, n: int = 10_000) -> dict[str, float]:
    rng = np.random.default_rng(12345)
    real, fake = toy.sample(n, rng), gan.generate(gan.latent(n, rng))
    with mg.no_grad():
        scores = (
            gan.discriminator(mg.Tensor(real)).data.mean() - gan.discriminator(mg.Tensor(fake)).data.mean()
        )
    return {"w1": wasserstein_1d(real, fake), "estimate": float(scores)}


def _mean_norm(gan: TwoPlayer, toy: ToyData, n: int = 2048) -> float:
    rng = np.random.default_rng(12345)
    real, fake = mg.Tensor(toy.sample(n, rng)), mg.Tensor(gan.generate(gan.latent(n, rng)))
    return float(interpolate_gradient_norms(gan.discriminator, real, fake, rng).data.mean())
