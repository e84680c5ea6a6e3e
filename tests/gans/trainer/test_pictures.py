"""The pictures of a run: when they are drawn, what they are called, and what D says in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from gans import data
from gans.systems import System, build, settings_for
from gans.systems.two_player import TwoPlayer
from gans.trainer import RunFolder, Training, batches, pictures, train
from gans.trainer.pictures import Samples


def toy_gan(model: str) -> TwoPlayer:
    mg.manual_seed(0)
    gan: TwoPlayer = build(settings_for(model, "points", batch_size=16, width=8), (2,))
    return gan


@pytest.mark.parametrize(("model", "probability"), [("gan", True), ("wgan", False)])
def test_d_judges_in_evaluation_mode_and_is_left_as_it_was(model: str, probability: bool) -> None:
    gan = toy_gan(model)
    gan.discriminator.append(mg.nn.Dropout(0.5))  # type: ignore[operator]
    points = np.random.default_rng(0).normal(size=(7, 2)).astype(np.float32)
    judged = gan.judge(points)
    assert gan.discriminator.training
    with mg.no_grad():
        logits = gan.discriminator.eval()(mg.tensor(points))
    expected = 1 / (1 + np.exp(-logits.numpy())) if probability else logits.numpy()
    assert gan.judges_by_probability == probability
    assert np.allclose(judged, expected[:, 0], atol=1e-6)


def test_titles_name_the_run_and_the_first_epoch_has_a_picture_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles: list[str] = []

    def keep(system: System, made: object, toy: object, title: str, seed: int) -> bytes:
        titles.append(title)
        return b""

    monkeypatch.setattr(pictures, "sample_picture", keep)
    monkeypatch.setattr(batches, "TOY_EPOCH_STEPS", 8)
    ring = data.load("ring")
    folder = RunFolder(tmp_path)
    folder.samples.mkdir()
    train(Training(toy_gan("gan"), ring), 19, [Samples(folder, ring, "gan on ring")])
    steps = {0: 0, 4: 1, 8: 1, 16: 2, 19: 3}
    assert titles == [f"gan on ring, epoch {epoch}, step {step}" for step, epoch in steps.items()]
    assert list(folder.pictures().values()) == ["epoch 0", "step 4", "epoch 1", "epoch 2", "epoch 3"]
