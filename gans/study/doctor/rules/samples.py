"""Rules that look at samples of the checkpoint, beside the data."""

from __future__ import annotations

import numpy as np

from gans.study.doctor.case import Case
from gans.study.doctor.rules.rule import Rule
from gans.systems import Ask

__all__ = ["RULES"]

NOISES = 32


def lost_spread(case: Case) -> float | None:
    """The share of the data's variance that samples lack.

    Two neighbours of the ring's eight modes lack 85%, three 65%; a G that still unfolds passes through both.
    """
    if case.real is None or case.fake is None:
        return None
    return 1.0 - float(case.fake.var(axis=0).sum() / max(case.real.var(axis=0).sum(), 1e-30))


def away(case: Case) -> float | None:
    """The distance of the samples' mean from the data's, in that of the farthest of the data.

    It is at most 1 as long as samples are data, be it one of them over and over.
    """
    if case.real is None or case.fake is None:
        return None
    middle = case.real.mean(axis=0)
    farthest = np.linalg.norm(case.real - middle, axis=1).max()
    return float(np.linalg.norm(case.fake.mean(axis=0) - middle) / max(farthest, 1e-30))


def same_classes(case: Case) -> float | None:
    """1 - the deviation among classes of the same noise, in that among samples."""
    classes = case.system.classes
    if "classes" not in case.system.asks or "sources" in case.system.asks or classes < 2:
        return None
    made = np.stack(
        [
            case.system.sample(NOISES, np.random.default_rng(0), Ask(np.full(NOISES, y))).samples.reshape(
                NOISES, -1
            )
            for y in range(classes)
        ]
    )
    among = made.std(axis=0).mean()
    return 1.0 - float(among / max(made.reshape(-1, made.shape[2]).std(axis=0).mean(), 1e-30))


RULES = (
    Rule(
        "collapse",
        "G makes a few samples over and over",
        "512 samples and 512 of the data",
        lost_spread,
        0.85,
        "samples lack {value:.0%} of the data's variance (above {threshold:.0%})",
        "PacGAN (Lin et al. 2018), unrolled steps (Metz et al. 2017), minibatch discrimination (Salimans et "
        "al. 2016, 3.2); or more updates of D for one of G",
        is_symptom=True,
    ),
    Rule(
        "runaway",
        "samples leave the data",
        "512 samples and 512 of the data",
        away,
        1.5,
        "the samples' mean is {value:.3g} times as far off as the farthest of the data (above {threshold})",
        "look at the sign of G's loss (Zeleni9/pytorch-wgan #51), then lower the learning rates",
        is_symptom=True,
    ),
    Rule(
        "labels-ignored",
        "G ignores the class",
        "32 samples a class from the same noise",
        same_classes,
        0.5,
        "the class explains {value:.0%} less deviation than there is (above {threshold:.0%})",
        "check that labels belong to their images; a classifier in D (Odena et al. 2017) or a projection "
        "(Miyato and Koyama 2018)",
    ),
)
