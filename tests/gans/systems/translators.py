"""Small systems that translate, their data, and trainers of them, for tests."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad as mg
from gans.data import DomainData, PairData
from gans.data.images import image_data
from gans.data.mnist5k import load_mnist5k
from gans.data.spec import Kind, spec_of
from gans.systems import SYSTEMS, build, settings_for
from gans.trainer import Training

SMALL: dict[str, dict[str, Any]] = {
    "cyclegan": {"batch_size": 2, "features": 4, "blocks": 1, "pool": 3},
    "dualgan": {"batch_size": 2, "features": 4, "critic_steps": 1},
    "pix2pix": {"batch_size": 4, "features": 4},
}
"""Settings of networks that take milliseconds."""


def few(size: tuple[int, int] = (28, 28), colour: bool = False) -> Any:
    """30 digits to train and 70 to test, cut or repeated to ``size``."""
    digits = load_mnist5k()
    pixels = np.concatenate([digits.images[:30], digits.test_images[:70]])
    h, w = size
    pixels = np.pad(pixels, ((0, 0), (0, max(0, h - 28)), (0, max(0, w - 28))), mode="wrap")[:, :h, :w]
    if colour:
        pixels = np.stack([pixels, 255 - pixels, pixels // 2], axis=3)
    labels = np.concatenate([digits.labels[:30], digits.test_labels[:70]])
    return image_data("few", pixels[:30], labels[:30], pixels[30:], labels[30:])


def data_for(model: str, prefix: str = "", images: Any = None) -> Any:
    """Pairs or domains for ``model``, of few digits."""
    images = few() if images is None else images
    if kind_of(model) == "domains":
        return DomainData(prefix or "thick", images)
    return PairData(prefix or "edges", images)


def kind_of(model: str) -> Kind:
    """The kind of data that ``model`` takes."""
    (kind,) = SYSTEMS[model].presets
    return kind


def system_for(model: str, data: Any, **changes: Any) -> Any:
    """A small system with the same initial weights at each call."""
    mg.manual_seed(0)
    return build(settings_for(model, data.kind, **{**SMALL[model], **changes}), spec_of(data))


def training_for(model: str, data: Any = None, *, capture: bool = True, **changes: Any) -> Training:
    """A training of a small system."""
    data = data_for(model) if data is None else data
    return Training(system_for(model, data, **changes), data, seed=0, capture=capture)


def rows(*numbers: float, shape: tuple[int, ...] = (1, 2, 2)) -> mg.Tensor:
    """An image of one value for each number."""
    column = np.float32(numbers).reshape(-1, *[1] * len(shape))
    return mg.Tensor(np.broadcast_to(column, (len(numbers), *shape)).copy())
