"""Runs that end well and mean nothing: one line for each fault, and none for a healthy run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gans.data import load
from gans.data.images import ImageData, image_data
from gans.systems import SYSTEMS, build, settings_for
from gans.trainer.loop import Record, Training
from gans.trainer.sanity import DECIDED_STEPS, Sanity, data_warnings
from tests.gans.commands import gans, idx_folder, said

NOISE = np.random.default_rng(0).integers(0, 256, (40, 28, 28)).astype(np.uint8)
NUMBERS = {"loss_d": 1.4, "loss_g": 0.7, "d_real": 0.5, "d_fake": 0.5, "grad_norm_d": 0.1, "grad_norm_g": 0.1}
RECORD = Record(1, 1, NUMBERS, 0.01)


def but(record: Record, **numbers: float) -> Record:
    """The record with other numbers."""
    return replace(record, numbers={**record.numbers, **numbers})


def remarks(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[str]:
    """The lines that a successful command prints on standard error."""
    capsys.readouterr()
    assert gans("train", *arguments) == 0
    return said(capsys.readouterr().err)


def warnings(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[str]:
    """What a successful command warns of on standard error."""
    lines = [line for line in remarks(capsys, *arguments) if not line.startswith("gans: note: ")]
    assert all(line.startswith("gans: warning: ") and len(line) <= 300 for line in lines)
    return [line.removeprefix("gans: warning: ") for line in lines]


@pytest.mark.parametrize(
    ("model", "data", "batch"),
    [
        *((name, "mnist5k", 4) for name, system in SYSTEMS.items() if "image" in system.presets),
        *((name, "ring", 16) for name, system in SYSTEMS.items() if "points" in system.presets),
    ],
)
def test_a_healthy_run_is_not_warned(
    model: str,
    data: str,
    batch: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    if data == "ring" and "image" in SYSTEMS[model].presets:  # its numbers are drawn with those of images
        request.getfixturevalue("fingerprints")
    steps = 25 if model == "gan" else 2
    arguments = ("--data", data, "--batch-size", batch, "--steps", steps, "--out", tmp_path / "run")
    assert warnings(capsys, model, *arguments) == []


def test_a_learning_rate_beyond_all_reason_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--data", "ring", "--batch-size", 16, "--steps", 6, "--lr", "1e3", "--out", tmp_path / "run")
    loss, *_ = warnings(capsys, "gan", *arguments)
    assert loss.startswith("a loss reached ")
    assert loss.endswith(", far beyond healthy ones; try a lower learning rate")


def test_faults_of_a_run_are_reported_once_each_at_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = idx_folder(tmp_path / "flat", np.full_like(NOISE, 7))
    arguments = ("--data", folder, "--batch-size", 1, "--steps", 3, "--out", tmp_path / "run")
    told = warnings(capsys, "dcgan", *arguments)
    assert told[0] == "all images of flat have one colour, 7: there is nothing to learn"
    assert [line for line in told if line.startswith("a batch of 1 under batch norm")] == [
        "a batch of 1 under batch norm: each image is normed by itself; take larger batches"
    ]
    assert len(set(told)) == len(told)


def test_what_cannot_be_measured_is_said_at_the_start_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, run = idx_folder(tmp_path / "few", NOISE), tmp_path / "run"
    [line] = remarks(capsys, "gan", "--data", folder, "--batch-size", 4, "--steps", 2, "--out", run)
    assert line.startswith("gans: note: few has 40 test images, and an evaluation needs more than 64")
    assert remarks(capsys, "--resume", run, "--steps", 3) == []


def odd(images: np.ndarray, labels: np.ndarray | None = None) -> list[str]:
    return list(data_warnings(image_data("odd", images, labels)))


def test_odd_data_are_reported() -> None:
    assert odd(NOISE) == []
    assert odd(np.zeros_like(NOISE)) == ["all images of odd have one colour, 0: there is nothing to learn"]
    assert odd(np.repeat(NOISE[:1], 9, axis=0)) == ["all images of odd are the same"]
    assert odd(NOISE // 128) == [
        "the pixels of odd lie between 0 and 1, of 0 to 255: scale them to that range"
    ]
    colours = np.broadcast_to(np.arange(0, 200, 5, dtype=np.uint8)[:, None, None], NOISE.shape)
    assert odd(colours) == ["100% of the images of odd have one colour each"]
    red = np.stack([colours, 0 * colours, 0 * colours], axis=-1)
    assert odd(red) == ["100% of the images of odd have one colour each"]
    assert odd(np.stack([NOISE, NOISE, NOISE], axis=-1)) == []
    labels = np.arange(40) % 10
    assert odd(NOISE, labels) == []
    labels[:3] = 255
    assert odd(NOISE, labels) == [
        "3 of 40 labels of odd are 255, which often stands for no label; here it is a class"
    ]
    assert (
        odd(NOISE[:1].repeat(256, axis=0) ^ np.arange(256, dtype=np.uint8)[:, None, None], np.arange(256))
        == []
    )


def test_the_shipped_data_are_not_odd() -> None:
    data = load("mnist5k")
    assert isinstance(data, ImageData)
    assert list(data_warnings(data)) == []


def told(model: str, *records: Record) -> list[str]:
    training = Training(build(settings_for(model, "points"), (2,)), load("ring"))
    sanity = Sanity(load("ring"))
    for record in records:
        sanity.on_step(training, record)
    return list(sanity.warnings(training))


def test_gradients_of_exactly_zero_are_reported() -> None:
    stuck = but(RECORD, grad_norm_g=0.0)
    assert told("gan", *[RECORD] * 99, stuck) == []
    assert told("gan", *[RECORD] * 8, stuck) == [
        "the gradient of G was exactly 0 in 1 of 9 steps: it learned nothing there; try a lower learning rate"
    ]
    assert told("gan", but(RECORD, grad_norm_d=0.0)) == [
        "the gradient of D was exactly 0 in 1 of 1 steps: it learned nothing there; try a lower learning rate"
    ]


def test_a_discriminator_that_never_errs_is_reported() -> None:
    sure = but(RECORD, d_real=0.9999, d_fake=0.0001)
    assert told("gan", *[sure] * (DECIDED_STEPS - 1), RECORD, sure) == []
    [line] = told("gan", *[sure] * DECIDED_STEPS)
    assert line.startswith("D was right about every sample for 500 consecutive steps, and G learned nothing")
    assert told("wgan", *[but(sure, d_real=5.0, d_fake=-5.0)] * DECIDED_STEPS) == []


def test_the_score_of_a_critic_may_be_larger_than_a_loss_of_probabilities() -> None:
    large = but(RECORD, loss_d=-2e3)
    assert len(told("gan", large)) == 1
    assert told("wgan", large) == []
