"""Images in each of several domains: a picture of translations into all of them, and figures.

A system of domains translates with ``into(images, domains)``; ``named(images)`` are the domains that D names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.metrics.meaning import Meaning
from gans.systems.system import Ask, Made
from gans.systems.translating import sources_of
from minigrad import tensor

__all__ = ["DOMAIN_MEANINGS", "figures_of_domains", "rows_of_domains"]

Floats = NDArray[np.float32]

SHOWN = 8
"""Images of a picture, a row each."""

DOMAIN_MEANINGS: Mapping[str, Meaning] = {
    "domain_agreement": Meaning(
        "share of translations in which D's head names the domain asked", "higher", "test_images"
    ),
    "head_accuracy": Meaning("share of test images whose domain D's head names", "higher", "test_images"),
    "cycle": Meaning("mean |x - there and back| over test images, pixels in [-1, 1]", "lower", "test_images"),
    "domain_l1": Meaning(
        "mean distance of translations from the true ones, pixels in [-1, 1]", "lower", "test_images"
    ),
}


def rows_of_domains(system: Any, ask: Ask) -> Made:
    """A row for each of the first sources: the image, and its translations into each domain."""
    sources = sources_of(SHOWN, ask, system.name)
    columns = [sources, *_into_each(system, sources)]
    return Made(np.stack(columns, axis=1).reshape(-1, *sources.shape[1:]), columns=len(columns))


def figures_of_domains(system: Any, data: Any) -> dict[str, float]:
    """The figures of ``DOMAIN_MEANINGS``, over test images, each translated into every domain.

    ``domain_l1`` is there if the data can compute the true translations (``in_style``).
    """
    images, labels = data.test(), data.test_labels
    made = _into_each(system, images)
    own = tensor(labels.astype(np.int64), device=system.device)
    cycles = [np.abs(system.into(fake, own) - images).mean() for fake in made]
    accuracy = float(np.mean(system.named(images) == labels))
    figures = {
        "domain_agreement": float(np.mean([np.mean(system.named(x) == i) for i, x in enumerate(made)])),
        "real_domain_agreement": accuracy,
        "head_accuracy": accuracy,
        "cycle": float(np.mean(cycles)),
    }
    if hasattr(data, "in_style"):
        apart = [np.abs(fake - data.in_style(domain)).mean() for domain, fake in enumerate(made)]
        figures["domain_l1"] = float(np.mean(apart))
    return figures


def _into_each(system: Any, images: Floats) -> list[Floats]:
    """All images in each domain."""
    domains = [np.full(len(images), domain) for domain in range(system.classes)]
    return [system.into(images, tensor(domain, device=system.device)) for domain in domains]
