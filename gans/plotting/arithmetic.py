"""Sums and differences of z (Radford et al. 2015, figure 7)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gans import plots
from gans.errors import UserError
from gans.metrics import load_classifier
from gans.metrics.describe import as_digits
from gans.plotting.picture import Picture
from gans.plotting.trained import Trained

__all__ = ["arithmetic"]

GROUP = 3
"""The z of a mean, as in the paper."""

DRAWN = 500
"""The samples among which those of a digit are chosen."""

SAMPLES = ("a", "b", "c")


def arithmetic(
    trained: Trained, *, n: int = 4, seed: int = 0, classes: Sequence[int] | None = None
) -> Picture:
    """G(a - b + c), where a, b and c are means of three z each, beside G of these means and of the nine z.

    Of three z from N(0, I) the mean has a variance of 1/3, and a - b + c has one of 1 again: it is as long as
    a z of the prior. ``classes`` are three digits: the z of a, b and c are then those of samples that the
    classifier of ``gans.metrics`` reads as these digits, for images of 28 x 28 digits; without them any z.
    ``numbers``: ``z`` (n, 3, 3, latent), ``means`` (n, 3, latent), ``sums`` (n, latent), and ``samples``
    (n, 13, c, h, w).
    """
    rng = trained.rng(seed)
    z = _any(trained, n, rng) if classes is None else _read(trained, n, rng, list(classes))
    means = z.mean(axis=2)
    sums = means[:, 0] - means[:, 1] + means[:, 2]
    shown = np.concatenate([np.concatenate([z, means[:, :, None]], 2).reshape(n, 12, -1), sums[:, None]], 1)
    asked = trained.cycled(n)
    flat = trained.images_of(shown.reshape(n * 13, -1), None if asked is None else asked.repeat(13))
    samples = flat.reshape(n, 13, *flat.shape[1:])
    named = (
        SAMPLES
        if classes is None
        else [f"{name}: {digit}" for name, digit in zip(SAMPLES, classes, strict=True)]
    )
    above = [word for name in named for word in (f"{name}1", f"{name}2", f"{name}3", f"mean {name[0]}")]
    if classes is not None:
        above = [word for name in named for word in (name, name, name, f"mean {name[0]}")]
    content = plots.captioned_rows(
        samples,
        trained.title("arithmetic with z"),
        above=[*above, "a - b + c"],
        beside=[] if asked is None else [f"class {c}" for c in asked],
        parts=(4, 8, 12),
    )
    return Picture("arithmetic", content, {"z": z, "means": means, "sums": sums, "samples": samples})


def _any(trained: Trained, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return trained.latents(n * 9, rng).reshape(n, 3, GROUP, -1)


def _read(trained: Trained, n: int, rng: np.random.Generator, digits: list[int]) -> NDArray[np.float64]:
    """z whose samples are read as the three ``digits``."""
    if len(digits) != 3 or not all(0 <= digit <= 9 for digit in digits):
        raise UserError(f"`classes` must be three digits, a, b and c of a - b + c, got {digits}")
    if "classes" in trained.system.asks or trained.config.spec.shape != (1, 28, 28):
        raise UserError("`classes` are of models of digits, 28 x 28 in grey, that are given no class")
    z = trained.latents(DRAWN, rng)
    read = load_classifier().predict(as_digits(trained.images_of(z)))
    chosen = []
    for place, digit in enumerate(digits):
        rows = np.flatnonzero(read == digit)
        before = sum(earlier == digit for earlier in digits[:place])
        rows = rows[before * n * GROUP :][: n * GROUP]
        if len(rows) < n * GROUP:
            raise UserError(
                f"too few of {DRAWN} samples are read as {digit}; {n * GROUP} are needed, so lower `n`"
            )
        chosen.append(z[rows].reshape(n, GROUP, -1))
    return np.stack(chosen, axis=1)
