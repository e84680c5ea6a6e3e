"""Truncated noise, for samples that are clearer and more alike (Brock et al. 2019, section 3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gans.metrics import manifold_scores
from gans.metrics.describe import thumbnails
from gans.metrics.meaning import Meaning
from gans.systems.system import Ask, System
from minigrad.random import Generator

__all__ = ["TRUNCATION_MEANINGS", "figures_of_truncation"]

TRUNCATION = 0.5
"""The bound of z in the figures of truncated samples."""

COMPARED = 1_000
"""Samples and test images of those figures."""

TRUNCATION_MEANINGS: Mapping[str, Meaning] = {
    "whole_precision": Meaning("share of samples whose thumbnails lie among real ones", "higher", "measured"),
    "whole_recall": Meaning("share of real images that lie among these samples", "higher", "measured"),
    "truncated_precision": Meaning("whole_precision, of samples of a z below 0.5", "higher", "measured"),
    "truncated_recall": Meaning("whole_recall, of samples of a z below 0.5", "higher", "measured"),
}


def figures_of_truncation(system: System, data: Any, rng: Generator) -> dict[str, float]:
    """Quality and variety with all of z and with a truncated z, over thumbnails of test images.

    Those of real data are of training images in the samples' place.
    """
    real = thumbnails(data.test()[:COMPARED])
    best = manifold_scores(real, thumbnails(data.train(slice(0, len(real)))))
    figures: dict[str, float] = {"measured": len(real)}
    for name, bound in (("whole", None), ("truncated", TRUNCATION)):
        made = system.make(len(real), rng, Ask(truncation=bound)).samples
        scores = manifold_scores(real, thumbnails(made))
        figures |= {f"{name}_precision": scores.precision, f"{name}_recall": scores.recall}
        figures |= {f"real_{name}_precision": best.precision, f"real_{name}_recall": best.recall}
    return figures
