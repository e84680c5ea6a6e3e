"""README's first picture is what its first command draws: not bit for bit, which another processor never
gives, but by the figures of its 64 digits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from gans.metrics.classifier import load_classifier
from gans.metrics.diversity import effective_classes
from gans.plots.grids import SEPARATOR_GREY
from tests.gans.commands import gans
from tests.processes import ROOT

PICTURE = ROOT / "docs" / "dcgan-mnist5k.png"
ROWS, SCALE, GAP, SIDE = 8, 3, 2, 28


class Figures(NamedTuple):
    """What the classifier and the pixels say of a grid of digits."""

    confidence: float  # mean probability of the class that the classifier sees
    classes: float  # effective number of these classes
    ink: float  # mean brightness, 0 to 1
    grey: float  # share of pixels that are neither black nor white


def figures_of(path: Path) -> Figures:
    images = digits(path)
    probabilities = load_classifier().probabilities(images)
    return Figures(
        confidence=float(probabilities.max(axis=1).mean()),
        classes=effective_classes(probabilities.argmax(axis=1), 10),
        ink=float((images + 1).mean() / 2),
        grey=float((np.abs(images) < 0.8).mean()),
    )


def digits(path: Path) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The images (64, 1, 28, 28) in [-1, 1] of a picture that ``image_grid`` made."""
    with Image.open(path) as opened:
        pixels = np.asarray(opened.convert("L"))
    step = SIDE * SCALE + GAP
    assert pixels.shape == (ROWS * step + GAP, ROWS * step + GAP)
    assert (pixels[::step] == SEPARATOR_GREY).all()
    tops = [GAP + row * step for row in range(ROWS)]
    tiles = [pixels[y : y + SIDE * SCALE : SCALE, x : x + SIDE * SCALE : SCALE] for y in tops for x in tops]
    return (np.stack(tiles)[:, None] / 127.5 - 1).astype(np.float32)


def test_readmes_picture_shows_digits_of_many_classes() -> None:
    found = figures_of(PICTURE)
    assert found.confidence > 0.85
    assert found.classes > 8
    assert 0.1 < found.ink < 0.2
    assert found.grey < 0.15


@pytest.mark.slow
def test_readmes_first_command_draws_such_a_picture(tmp_path: Path) -> None:
    assert gans("train", "dcgan", "--out", tmp_path / "run") == 0
    made, shown = figures_of(tmp_path / "run" / "samples" / "epoch-0027.png"), figures_of(PICTURE)
    assert made.confidence == pytest.approx(shown.confidence, abs=0.1)
    assert made.classes == pytest.approx(shown.classes, abs=2)
    assert made.ink == pytest.approx(shown.ink, abs=0.05)
    assert made.grey == pytest.approx(shown.grey, abs=0.04)
