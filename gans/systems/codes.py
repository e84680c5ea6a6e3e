"""InfoGAN's codes: draws, a picture of what each shows, and figures of what Q reads off images."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.metrics.classifier import load_classifier
from gans.metrics.describe import SURE, as_digits
from gans.metrics.matching import MOST_CLASSES, matched_share
from gans.metrics.meaning import Meaning
from gans.systems.sampling import in_batches
from gans.systems.system import Ask, Made
from minigrad import Tensor
from minigrad.devices import to_device
from minigrad.ops import cross_entropy, repeat
from minigrad.random import Generator, integers, uniform

__all__ = ["FIGURES", "categories_of", "drawn_codes", "figures_of_codes", "rows_by_category"]

MEASURED = 4_000
"""Samples of the figures."""

SHOWN = 5
"""Columns of a picture for any code, and for each code that varies."""

ROWS = 16
"""The most categories of a picture."""

FIGURES = {
    "category_accuracy": Meaning(
        "share of samples whose category stands for their class", "higher", "measured"
    ),
    "category_error": Meaning(
        "share of test images whose category does not stand for their class", "lower", "test_images"
    ),
    "category_information": Meaning(
        "bound of the category's information in a sample, nats", "higher", "measured"
    ),
    "code_correlation": Meaning(
        "of the codes with Q's guesses; 1 when samples show them", "higher", "measured"
    ),
}


def drawn_codes(system: Any, n: int, rng: Generator) -> tuple[Tensor, Tensor]:
    """Categories (n,), each as likely as another, and codes (n, codes) from U(-1, 1)."""
    settings, device = system.settings, system.device
    category = integers(0, settings.categories, (n,), generator=rng, device=device)
    return category, uniform((n, settings.codes), generator=rng, device=device) * 2.0 - 1.0


def rows_by_category(system: Any, rng: Generator) -> Made:
    """A row for each of the first 16 categories: five images of any z and codes, then five for each code.

    Those five are of one z. The code, one of the first two, goes from -1 to 1, and all others are 0.
    """
    settings = system.settings
    categories = np.repeat(np.arange(min(settings.categories, ROWS)), SHOWN)
    blocks = [system.make(len(categories), rng, Ask(categories)).samples]
    z = repeat(system.noise(len(categories) // SHOWN, settings.latent, rng), SHOWN, axis=0)
    for code in range(min(settings.codes, 2)):
        codes = np.zeros((len(categories), settings.codes), np.float32)
        codes[:, code] = np.resize(np.linspace(-1, 1, SHOWN), len(categories))
        given = [Tensor(to_device(a, system.device)) for a in (categories, codes)]
        blocks.append(in_batches(system.images, z, *given))
    rows = [block.reshape(-1, SHOWN, *system.spec.shape) for block in blocks]
    images = np.concatenate(rows, axis=1).reshape(-1, *system.spec.shape)
    return Made(images, columns=SHOWN * len(blocks))


def figures_of_codes(system: Any, data: Any, rng: Generator) -> dict[str, float]:
    """What Q reads off new samples and test images, and whether the category stands for the digit.

    ``category_accuracy`` and ``category_error``: the best one-to-one map from categories to classes is chosen
    on half of the images, and scored on the other half. The classes of samples are the classifier's, which
    is for data that it recognises; the accuracy beside it is that of real data, with labels for categories.
    Those of test images are their labels.
    """
    count = system.settings.categories
    z, category, codes = system.draw(MEASURED, rng)
    images = in_batches(system.images, z, category, codes)
    guess = read(system, images)
    right = cross_entropy(Tensor(guess[:, :count]), Tensor(category.numpy())).item()
    figures: dict[str, float] = {"measured": MEASURED, "category_information": math.log(count) - right}
    if system.settings.codes:
        pairs = zip(codes.numpy().T, guess[:, count:].T, strict=True)
        figures["code_correlation"] = float(np.mean([np.corrcoef(*pair)[0, 1] for pair in pairs]))
    if not len(data.test_labels):
        return figures
    judge = load_classifier()
    known = judge.accuracy(as_digits(data.test()), data.test_labels)
    if known >= SURE:
        found = judge.predict(as_digits(images))
        figures["category_accuracy"] = matched_share(category.numpy(), found, count)
        figures["real_category_accuracy"] = known
    if int(data.test_labels.max()) < MOST_CLASSES:
        found = categories_of(system, data.test())
        figures["category_error"] = 1 - matched_share(found, data.test_labels, count)
    return figures


def categories_of(system: Any, images: NDArray[np.float32]) -> NDArray[np.int64]:
    """The category that Q reads off each image, (n,)."""
    categories: NDArray[np.int64] = read(system, images)[:, : system.classes].argmax(axis=1)
    return categories


def read(system: Any, images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Q's guess (n, categories + codes) of the codes of images (n, c, h, w): logits, and means."""
    guess: NDArray[np.float32] = in_batches(system.guess, images, device=system.device)
    return guess
