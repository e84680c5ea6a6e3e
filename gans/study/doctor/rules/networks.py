"""Rules that look at the networks of the checkpoint."""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.study.doctor.case import Case
from gans.study.doctor.rules.rule import Rule
from gans.systems.two_player import TwoPlayer
from gans.systems.wasserstein import PenaltySettings
from minigrad import grad, nn, no_grad, tensor
from minigrad.ops import sum

__all__ = ["RULES"]


def norm_off_one(case: Case) -> float | None:
    """How many times the norm of D's slope between real and fake samples is off 1, up or down."""
    system: Any = case.system
    if not isinstance(system.settings, PenaltySettings) or case.real is None or case.fake is None:
        return None
    middle = ((case.real + case.fake[: len(case.real)]) / 2).reshape(-1, *system.spec.shape)
    x = tensor(middle, np.float32)
    (slope,) = grad(sum(system.discriminator(x)), [x])
    norm = float(np.median(np.linalg.norm(slope.numpy().reshape(len(x), -1), axis=1)))
    return max(norm, 1.0 / max(norm, 1e-30))


def statistics_off(case: Case) -> float | None:
    """How far G's samples in training and in evaluation mode are apart, in their own deviations."""
    system: Any = case.system
    if not isinstance(system, TwoPlayer):
        return None
    layers = [m for m in system.generator.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    if not layers:
        return None
    before = system.generator.state_dict()
    with no_grad():
        z = system.latent(256, np.random.default_rng(0))
        in_training = system.generator.train()(z).numpy()
        system.generator.load_state_dict(before)  # training mode moved the running statistics
        in_evaluation = system.generator.eval()(z).numpy()
    system.generator.train()
    apart = np.sqrt(np.mean((in_training - in_evaluation) ** 2))
    return float(apart / max(in_training.std(axis=0).mean(), 1e-30))


def blind(case: Case) -> float | None:
    """How far samples are from the data where D's outputs have no spread or favour samples; 0 where neither.

    The share of pairs in which D gives the sample the higher output is 1/2 by chance, and 1 where G has got
    the better of D.
    """
    system: Any = case.system
    if not isinstance(system, TwoPlayer) or not system.judges_by_probability:
        return None
    if case.real is None or case.fake is None or getattr(system.settings, "pack", 1) > 1:
        return None
    both = np.concatenate([case.real, case.fake]).reshape(-1, *system.spec.shape)
    with no_grad():
        outputs = system.discriminator(tensor(both, np.float32)).numpy().reshape(-1)
    mean, deviation = case.real.mean(axis=0), case.real.std(axis=0)
    apart = np.abs(case.fake.mean(axis=0) - mean) + np.abs(case.fake.std(axis=0) - deviation)
    distance = float(apart.mean() / max(deviation.mean(), 1e-30))
    without_spread = np.clip(0.1 / max(float(outputs.std()), 1e-30) - 1.0, 0.0, 1.0)
    on_real, on_fake = np.split(outputs, [len(case.real)])
    preferred = 2.0 * float((on_fake[:, None] > on_real).mean()) - 1.0
    return distance * float(max(without_spread, preferred))


RULES = (
    Rule(
        "norm-off-1",
        "the gradient penalty does not hold D's slope at 1",
        "D's slope at 512 points between samples and data",
        norm_off_one,
        3.0,
        "the median norm of D's slope is off 1 by a factor of {value:.2f} (above {threshold})",
        "check the penalty on a linear critic and by finite differences (the museum's bug "
        "penalty-without-graph), then a larger weight (Gulrajani et al. 2017)",
    ),
    Rule(
        "batch-norm-statistics",
        "batch norm's running statistics are not those of G's batches",
        "G in both modes on the same noise",
        statistics_off,
        0.5,
        "training and evaluation mode are {value:.2f} deviations apart (above {threshold})",
        "batch statistics at test time (Isola et al. 2017, 3.1), or running statistics that are updated, "
        "with a momentum by its name (the museum's eps-for-momentum)",
    ),
    Rule(
        "blind-d",
        "D gives the same output to all or higher ones to samples, and G has not arrived",
        "D's outputs of samples and data",
        blind,
        0.3,
        "D's outputs are alike or favour samples, which are {value:.2f} deviations off (above {threshold})",
        "a higher rate or more updates of D (Goodfellow et al. 2014, algorithm 1, k; Heusel et al. 2017)",
    ),
)
