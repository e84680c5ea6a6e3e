"""Rules that read metrics.jsonl alone."""

from __future__ import annotations

import numpy as np

from gans.study.doctor.case import Case
from gans.study.doctor.rules.rule import Rule

__all__ = ["RULES"]


def saturation(case: Case) -> float | None:
    """The lesser of D(real) and 1 - D(fake), late in the run."""
    real, fake = case.late("d_real"), case.late("d_fake")
    if real is None or fake is None or not case.system.judges_by_probability:
        return None
    return min(real, 1.0 - fake)


def vanishing(case: Case) -> float | None:
    """How many powers of ten the norm of G's gradient is below 1, late in the run."""
    norm = case.late("grad_norm_g")
    return None if norm is None else -float(np.log10(max(norm, 1e-30)))


def explosion(case: Case) -> float | None:
    """The size of a critic's scores late in the run."""
    real, fake = case.late("d_real"), case.late("d_fake")
    if real is None or fake is None or case.system.judges_by_probability:
        return None
    return max(abs(real), abs(fake))


def rotation(case: Case) -> float | None:
    """How alike G's loss is to itself a period later, times its swing in nats; 0 if nothing comes back."""
    if not case.system.judges_by_probability:  # the scale of other losses says nothing
        return None
    losses = case.metric("loss_g")
    losses = losses[len(losses) // 2 :]
    if len(losses) < 100:
        return None
    width = max(1, len(losses) // 50)
    smooth = np.convolve(losses, np.ones(width) / width, "valid")
    time = np.arange(len(smooth))
    rest = smooth - np.polyval(np.polyfit(time, smooth, 1), time)
    whole = float(rest @ rest)
    if whole == 0:
        return 0.0
    same = np.array([rest[lag:] @ rest[: len(rest) - lag] / whole for lag in range(len(rest) // 2)])
    below = np.flatnonzero(same < 0)
    if not len(below):
        return 0.0
    swing = min(1.0, float(rest.std()))
    return float(same[below[0] :].max(initial=0.0)) * swing


RULES = (
    Rule(
        "d-saturated",
        "D tells real from fake without doubt",
        "d_real and d_fake, last quarter",
        saturation,
        0.95,
        "D(real) and 1 - D(fake) are both at least {value:.3f} (above {threshold})",
        "one-sided label smoothing (Salimans et al. 2016, 3.4), a lower rate of D (Heusel et al. 2017), or "
        "R1 (Mescheder et al. 2018)",
    ),
    Rule(
        "dead-gradient",
        "no gradient reaches G",
        "grad_norm_g, last quarter",
        vanishing,
        2.5,
        "the norm of G's gradient is 10^-{value:.1f} (below 10^-{threshold})",
        "the non-saturating loss (Goodfellow et al. 2014, 3), or a critic (Arjovsky et al. 2017); at exactly "
        "0 look for a cut: detach or no_grad in G's step",
    ),
    Rule(
        "exploding-critic",
        "the critic's scores grow without bound",
        "d_real and d_fake, last quarter",
        explosion,
        100.0,
        "scores have the size {value:.3g} (above {threshold:.0f})",
        "hold its slope: a gradient penalty (Gulrajani et al. 2017) or spectral norm (Miyato et al. 2018)",
    ),
    Rule(
        "rotation",
        "G and D run around each other",
        "loss_g, second half",
        rotation,
        0.15,
        "G's loss comes back after a period, with correlation times swing {value:.2f} (above {threshold})",
        "a lower beta1 (Radford et al. 2015), R1 (Mescheder et al. 2018), extra-gradient (Gidel et al. 2019)",
    ),
)
