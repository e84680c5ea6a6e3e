"""Pictures with fingerprints, which tests of whole runs compare, differ in whatever real pictures show."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gans import plots
from tests.gans.fingerprints import DRAWN, fingerprinted

POINTS = np.arange(8.0).reshape(4, 2)
MODES = np.zeros((1, 2))


def picture(points: Any = POINTS, title: str = "a", slope: float = 1.0, std: float = 0.5) -> bytes:
    surface = plots.Surface(lambda x: slope * x[:, 0], probabilities=False)
    return fingerprinted(plots.scatter)(points, POINTS, title, MODES, std, surface)


def test_the_same_numbers_are_the_same_picture() -> None:
    assert picture() == picture(POINTS.copy())
    assert Image.open(io.BytesIO(picture())).size == (8, 8)


@pytest.mark.parametrize(
    "changed",
    [{"points": np.nextafter(POINTS, 9)}, {"title": "b"}, {"slope": 2.0}, {"std": 0.25}],
)
def test_another_number_text_or_readout_is_another_picture(changed: dict[str, Any]) -> None:
    assert picture(**changed) != picture()


def test_records_and_the_kind_of_picture_are_told_apart() -> None:
    curves, figures = fingerprinted(plots.training_curves), fingerprinted(plots.figure_curves)
    assert curves([{"step": 1, "loss": 0.5}], "a") != curves([{"step": 1, "loss": None}], "a")
    assert curves([{"step": 1}], "a") != figures([{"step": 1}], {}, "a")


@pytest.mark.parametrize("name", DRAWN)
def test_a_call_that_the_real_one_refuses_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match="argument"):
        fingerprinted(getattr(plots, name))(colour="red")
