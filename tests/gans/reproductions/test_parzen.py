"""The Parzen protocol on a training cut short: networks, the momentum, the images that each part sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gans.data import ImageData
from gans.reproductions.experiments import parzen
from gans.reproductions.trial import Trial
from minigrad import nn
from tests.gans.reproductions.images import FIRST, like_mnist


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> ImageData:
    """The protocol on 400 images to train on, 100 for the width and 40 to test."""
    data = like_mnist(tests=40)
    monkeypatch.setattr(parzen, "whole_mnist", lambda trial: data)
    monkeypatch.setattr(parzen, "TRAINED", FIRST)
    monkeypatch.setattr(parzen, "VALIDATED", 100)
    monkeypatch.setattr(parzen, "SAMPLES", 50)
    return data


@pytest.mark.parametrize("name", ["gan", "cgan"])
def test_a_short_trial(name: str, small: ImageData, tmp_path: Path) -> None:
    figures = parzen.PARZEN.rows[name].trial(Trial(tmp_path, 0, steps=2))
    assert figures.keys() == {"log_likelihood", "standard_error", "sigma", "real"}
    assert all(value is not None and np.isfinite(value) for value in figures.values())


def test_training_sees_the_first_images_alone(small: ImageData, tmp_path: Path) -> None:
    settings = parzen.settings_for("gan", "image", batch_size=100)
    training, data = parzen.started(parzen.PublishedGAN, settings, Trial(tmp_path, 0))
    assert training.steps_per_epoch == 4
    assert data is small
    G = training.system.parts()["generator"]
    assert isinstance(G, nn.Module)
    last = [layer for layer in G.modules() if isinstance(layer, nn.Linear)][-1]
    assert last.bias is not None
    marginals = 255 / (1 + np.exp(-last.bias.numpy()))
    np.testing.assert_allclose(marginals.reshape(28, 28), small.images[:FIRST].mean(axis=0), rtol=1e-4)


def test_the_momentum_rises_with_the_epochs() -> None:
    assert parzen.momentum(0) == parzen.momentum(999) == 0.5
    assert parzen.momentum(125 * parzen.EPOCH) == pytest.approx(0.5 + 0.2 * 124 / 249)
    assert parzen.momentum(250 * parzen.EPOCH) == parzen.momentum(10**6) == pytest.approx(0.7)


def test_the_optimizers_follow_the_momentum(
    small: ImageData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = parzen.settings_for("gan", "image", lr=0.1, lr_ratio=0.5, batch_size=100)
    training, _ = parzen.started(parzen.PublishedGAN, settings, Trial(tmp_path, 0))
    monkeypatch.setattr(parzen, "EPOCH", 1)
    for _ in range(3):
        training.advance()
    optimizer: object = training.system.parts()["optimizer_d"]
    assert getattr(optimizer, "momentum", None) == parzen.momentum(2) > 0.5
    assert getattr(optimizer, "lr", None) == 0.05
