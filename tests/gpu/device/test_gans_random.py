"""The random numbers of a run on a device: drawn there, kept in its checkpoints, gone on with anywhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans import data
from gans.data import ImageData
from gans.systems import build, settings_for
from gans.trainer import Training
from minigrad import random
from minigrad.random import Philox
from tests.gans.commands import assert_same_run, gans
from tests.gpu.device.conftest import Copies
from tests.gpu.device.test_gans import assert_near
from tests.gpu.device.test_steps import SIZE, small_dcgan
from tests.states import flat

SENT = 2 * 64
"""Bytes that an update sends: its settings, and the row for its numbers, each aligned."""


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fingerprints: None) -> None:
    monkeypatch.chdir(tmp_path)


def train(*arguments: object) -> None:
    assert gans("train", "gan", "--data", "ring", "--batch-size", 8, *arguments) == 0


def resume(run: str, *arguments: object) -> None:
    assert gans("train", "--resume", run, *arguments) == 0


def random_state(run: str) -> Any:
    return mg.load(Path(run, "checkpoint.safetensors"))["random"]


def on_images(device: str, *, critic: bool, capture: bool = True) -> Training:
    """The training of a small DCGAN, or of WGAN-GP's critic, on pictures of noise."""
    gan = small_dcgan(device, critic=critic)
    gan.settings = replace(gan.settings, batch_size=3, critic_steps=2 if critic else 1)
    pixels = np.random.default_rng(0).integers(0, 256, (30, SIZE, SIZE)).astype(np.uint8)
    labels = np.zeros(30, np.int64)
    return Training(gan, ImageData("noise", pixels, labels, pixels, labels), seed=1, capture=capture)


@pytest.mark.parametrize("critic", [False, True], ids=["dcgan", "wgan-gp"])
def test_only_real_images_and_learning_rates_come_from_the_host(
    critic: bool, cupy: ModuleType, copies: Copies
) -> None:
    training = on_images("cuda", critic=critic)
    for _ in range(3):
        training.advance()
    drawn_by_the_host = flat(
        [training.random.data.bit_generator.state, random.generator().bit_generator.state]
    )
    drawn = training.random.get_state()["run"]["state"]["counter"]
    copies.reset()
    training.advance()
    updates = training.system.settings.critic_steps
    image_bytes = 3 * SIZE * SIZE * 4
    copies.check(
        writes=2 * updates + 1,
        written=updates * image_bytes + (updates + 1) * SENT,
        launches=updates + 1,
    )
    state = training.random.get_state()
    assert state["run"]["state"]["counter"] > drawn
    assert drawn_by_the_host == flat(
        [training.random.data.bit_generator.state, random.generator().bit_generator.state]
    )


@pytest.mark.parametrize("critic", [False, True], ids=["dcgan", "wgan-gp"])
def test_a_training_takes_its_generators_to_the_other_device(critic: bool, cupy: ModuleType) -> None:
    for source, target in (("cuda", "cpu"), ("cpu", "cuda")):
        trainings = [on_images(source, critic=critic), on_images(target, critic=critic)]
        trainings[1].load_state_dict(trainings[0].state_dict())
        for training in trainings:
            for _ in range(4):
                training.advance()
            assert isinstance(training.rng, Philox) == (source == "cuda")
        one, other = (training.state_dict() for training in trainings)
        assert one["random"] == other["random"]
        for part in ("generator", "discriminator"):
            for name, array in one["parts"][part].items():
                np.testing.assert_allclose(
                    other["parts"][part][name], array, rtol=1e-3, atol=5e-5, err_msg=name
                )


def test_a_resumed_run_is_the_whole_one(cupy: ModuleType, tmp_path: Path) -> None:
    train("--steps", 7, "--device", "cuda", "--out", "whole")
    train("--steps", 3, "--device", "cuda", "--out", "parts")
    mg.manual_seed(12345)
    random.uniform(3, device="cuda")
    resume("parts", "--steps", 7)
    assert_same_run(tmp_path / "parts", tmp_path / "whole")
    assert random_state("parts")["run"]["bit_generator"] == "Philox4x32-10"


@pytest.mark.parametrize("critic", [False, True], ids=["dcgan", "wgan-gp"])
def test_capture_and_an_interruption_change_no_number(critic: bool, cupy: ModuleType) -> None:
    ends = []
    for capture in (True, False):
        training = on_images("cuda", critic=critic, capture=capture)
        for step in range(5):
            if step == 3 and not capture:
                state = training.state_dict()
                training = on_images("cuda", critic=critic, capture=capture)
                training.load_state_dict(state)
            training.advance()
        ends.append(flat(training.state_dict()))
    assert ends[0] == ends[1]


def test_a_run_that_began_on_the_cpu_keeps_numpys_generator(cupy: ModuleType, tmp_path: Path) -> None:
    train("--steps", 6, "--out", "whole")
    train("--steps", 1, "--out", "parts")
    resume("parts", "--steps", 5, "--device", "cuda")
    resume("parts", "--steps", 6, "--device", "cpu")
    assert_near(tmp_path / "parts", tmp_path / "whole")
    assert random_state("parts") == random_state("whole")
    assert random_state("parts")["run"]["bit_generator"] == "PCG64"


def test_a_checkpoint_from_before_there_was_a_philox(cupy: ModuleType, tmp_path: Path) -> None:
    """A run on a GPU drew from NumPy's generator then, and goes on with it."""
    train("--steps", 5, "--out", "whole")
    train("--steps", 2, "--out", "old")
    path = tmp_path / "old" / "checkpoint.safetensors"
    state = mg.load(path)
    del state["random"]["minigrad"]["device"]
    mg.save(path, state)
    resume("old", "--steps", 5, "--device", "cuda")
    assert_near(tmp_path / "old", tmp_path / "whole")
    assert random_state("old")["run"] == random_state("whole")["run"]


def test_a_damaged_state_is_an_error(
    cupy: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train("--steps", 1, "--device", "cuda", "--out", "run")
    path = tmp_path / "run" / "checkpoint.safetensors"
    state = mg.load(path)
    state["random"]["run"]["state"]["counter"] = -1
    mg.save(path, state)
    capsys.readouterr()
    assert gans("train", "--resume", "run", "--steps", 2) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "does not fit the run's config.json: not a state of Philox.get_state()" in line


def test_seeds_decide_the_numbers_of_the_device(cupy: ModuleType) -> None:
    ring = data.load("ring")
    drawn = []
    for seed in (0, 0, 1):
        mg.manual_seed(0)
        gan = build(settings_for("gan", "points", batch_size=8), ring.shape, "cuda")
        training = Training(gan, ring, seed)
        drawn.append(gan.latent(4, training.rng).numpy().tolist())
    assert drawn[0] == drawn[1] != drawn[2]
