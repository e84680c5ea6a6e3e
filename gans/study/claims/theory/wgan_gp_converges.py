"""WGAN and WGAN-GP with one update of D a step: do they reach the equilibrium?"""

from __future__ import annotations

import numpy as np

from gans.objectives import wasserstein, wasserstein_gp
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.densities import Floats
from gans.study.board.dirac import path
from gans.study.board.pictures import curves
from gans.study.board.trial import Trial


def clipped(point: Floats) -> Floats:
    """psi within [-1, 1]."""
    return np.array([np.clip(point[0], -1, 1), point[1]])


def measure(trial: Trial) -> Numbers:
    """The distance of G's point from the data, with WGAN and WGAN-GP."""
    angle = trial.rng.uniform(0, 2 * np.pi)
    start, steps = np.array([np.cos(angle), np.sin(angle)]), trial.cut(500)
    paths = {
        "wgan": path(wasserstein(1.0), start, steps, way="alternating", bound=clipped),
        "wgan_gp": path(wasserstein_gp(0.7), start, steps, way="alternating"),
    }
    numbers: dict[str, float | list[float]] = {"step": list(range(0, steps + 1, 5))}
    for name, points in paths.items():
        numbers[name] = np.abs(points[::5, 1]).tolist()
        numbers[f"{name}_last"] = float(np.abs(points[-100:, 1]).mean())
    numbers["nearer"] = min(float(numbers["wgan_last"]), float(numbers["wgan_gp_last"]))  # type: ignore[arg-type]
    return numbers


CLAIM = Claim(
    says="With a Wasserstein loss, clipped or with WGAN-GP's penalty, training converges.",
    source="documents 003 (WGAN trains stably); Mescheder et al. 2018 say that it does not",
    measured="the Dirac-GAN: the mean distance of G's point from the data in the last 100 of 500 alternating "
    "steps, of the nearer one of WGAN and WGAN-GP.",
    refuted_by="a distance above a twentieth.",
    effect=Effect(name="nearer", words="distance at the end", at_most=0.05),
    measure=measure,
    picture=curves("step", "distance of G's point", {"wgan": "WGAN", "wgan_gp": "WGAN-GP"}),
)
