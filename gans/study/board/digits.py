"""What claims about images share: a short training on the digits of mnist5k."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg
from gans.data import ImageData, load
from gans.data.spec import spec_of
from gans.study.board.trial import Trial
from gans.systems import System, find, settings_for
from gans.trainer import Training

__all__ = ["digits", "roughness", "started_on_digits"]


@cache
def digits() -> ImageData:
    """The 5,000 digits of the package."""
    data = load("mnist5k")
    assert isinstance(data, ImageData)
    return data


def started_on_digits(
    trial: Trial,
    model: str,
    system: type[System] | None = None,
    data: ImageData | None = None,
    /,
    **settings: Any,
) -> Training:
    """A training on digits, those of ``data``, from its first step; ``system`` stands in for ``model``'s."""
    shown, chosen = data or digits(), settings_for(model, "image", **settings)
    mg.manual_seed(trial.seed)
    made = (find(model) if system is None else system)(chosen, spec_of(shown))
    return Training(made, shown, trial.seed)


def roughness(images: NDArray[Any]) -> float:
    """The share of the images' energy in the upper half of the frequencies of both sides.

    images (n, 1, h, w); the mean of each image counts for nothing.
    """
    plain = images[:, 0].astype(np.float64)
    power = np.abs(np.fft.fft2(plain - plain.mean(axis=(1, 2), keepdims=True))) ** 2
    rows, columns = (np.abs(np.fft.fftfreq(side)) for side in plain.shape[1:])
    high = np.maximum(rows[:, None], columns[None, :]) > 0.25
    return float(power[:, high].sum() / power.sum())
