"""Every GAN trained by replays is the GAN trained op by op, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans import data, systems
from gans.data import ImageData
from gans.objectives import minimax
from gans.steps import discriminator_step, generator_step
from gans.systems.two_player import TwoPlayer
from gans.trainer import DivergedError, Training, train
from minigrad import nn
from tests.gans.commands import assert_same_run, gans
from tests.states import flat

IMAGE, POINTS = (1, 28, 28), (2,)
GANS = [("gan", IMAGE), ("dcgan", IMAGE), ("wgan", IMAGE), ("wgan-gp", IMAGE)]
GANS += [("gan", POINTS), ("wgan", POINTS), ("wgan-gp", POINTS)]


def training(model: str, shape: tuple[int, ...], *, capture: bool, **changes: Any) -> Training:
    kind = "image" if shape == IMAGE else "points"
    settings = systems.settings_for(model, kind, batch_size=3, critic_steps=2, lr_half_life=2, **changes)
    pixels = np.random.default_rng(0).integers(0, 256, (30, 28, 28)).astype(np.uint8)
    labels = np.zeros(30, np.int64)
    source = ImageData("noise", pixels, labels, pixels, labels) if kind == "image" else data.load("ring")
    mg.manual_seed(1)
    return Training(systems.build(settings, shape), source, seed=2, capture=capture)


def numbers(record: Any) -> dict[str, Any]:
    return {name: value for name, value in record.line().items() if name != "seconds"}


@pytest.mark.parametrize(("model", "shape"), GANS)
def test_a_captured_training_is_the_training(model: str, shape: tuple[int, ...]) -> None:
    ends = []
    for capture in (False, True):
        run = training(model, shape, capture=capture)
        records = [numbers(record) for _ in range(6) for record in run.advance()]
        ends.append((records, flat(run.state_dict())))
    assert ends[0] == ends[1]
    updates: Any = run._executor
    replays = {update.name: function.replays for update, function in updates.updates.items()}
    assert replays == {"discriminator": 10, "generator": 4}


@pytest.mark.parametrize(("model", "shape"), [("dcgan", IMAGE), ("wgan-gp", POINTS)])
def test_a_captured_training_goes_on_from_a_state(model: str, shape: tuple[int, ...]) -> None:
    whole, first = (training(model, shape, capture=True) for _ in range(2))
    for _ in range(4):
        whole.advance()
        first.advance()
    second = training(model, shape, capture=True)
    for _ in range(5):
        second.advance()  # its recordings serve the state that it takes over
    second.load_state_dict(first.state_dict())
    for _ in range(4):
        assert [*map(numbers, second.advance())] == [*map(numbers, whole.advance())]
    assert flat(second.state_dict()) == flat(whole.state_dict())


def test_a_change_of_batch_size_midway_and_dropout() -> None:
    def build() -> TwoPlayer:
        mg.manual_seed(0)
        gan: TwoPlayer = systems.build(systems.settings_for("gan", "points", width=8), POINTS)
        layers = [nn.Linear(2, 8), nn.BatchNorm1d(8), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(8, 1)]
        gan.discriminator = nn.Sequential(*layers)
        gan.optimizer_d = mg.optim.Adam(gan.discriminator.parameters())
        return gan

    ends = []
    for capture in (False, True):
        gan, rng = build(), np.random.default_rng(0)
        d, g = (mg.capture(s) if capture else s for s in (discriminator_step, generator_step))
        results = []
        for size in (4, 4, 4, 4, 7, 7, 7, 4, 4):
            real = mg.Tensor(rng.standard_normal((size, 2)).astype(np.float32))
            networks = gan.generator, gan.discriminator
            results.append(
                d(*networks, gan.optimizer_d, gan.objective, real, gan.latent(size, rng), rng)[:2]
                + g(*networks, gan.optimizer_g, gan.objective, gan.latent(size, rng))[:2]
            )
        numbers = [[float(t) for t in result] for result in results]
        ends.append((numbers, flat(gan.state_dict()), rng.random(), mg.random.get_state()))
    assert ends[0] == ends[1]
    assert d.replays == g.replays == 5


@pytest.mark.parametrize("attribute", ["objective", "settings", "prior"])
def test_a_replay_sees_that_an_attribute_of_the_system_changed(attribute: str) -> None:
    ends = []
    for capture in (False, True):
        run = training("gan", POINTS, capture=capture)
        for _ in range(4):
            run.advance()
        gan: Any = run.system
        other = {
            "objective": minimax(),
            "settings": replace(gan.settings, batch_size=5),
            "prior": "uniform",  # an attribute that the class had and the system gets
        }[attribute]
        setattr(gan, attribute, other)
        records = [numbers(record) for _ in range(4) for record in run.advance()]
        ends.append((records, flat(run.state_dict())))
    assert ends[0] == ends[1]


@pytest.mark.usefixtures("fingerprints")
def test_no_capture_changes_no_number_and_may_be_switched_on_resume(tmp_path: Path) -> None:
    toy = ("train", "wgan-gp", "--data", "ring", "--batch-size", 8, "--seed", 5)
    assert gans(*toy, "--steps", 6, "--out", tmp_path / "captured") == 0
    assert gans(*toy, "--steps", 6, "--no-capture", "--out", tmp_path / "plain") == 0
    assert_same_run(tmp_path / "captured", tmp_path / "plain")
    for first, then in ((["--no-capture"], []), ([], ["--no-capture"])):
        mixed = tmp_path / f"mixed{len(first)}"
        assert gans(*toy, "--steps", 3, *first, "--out", mixed) == 0
        assert gans("train", "--resume", mixed, "--steps", 6, *then) == 0
        assert_same_run(mixed, tmp_path / "plain")


def test_a_nan_in_a_replay_is_traced_to_its_op_and_changes_no_weight() -> None:
    run = training("gan", POINTS, capture=True)
    gan: Any = run.system
    train(run, 3)
    weight = gan.discriminator.parameters()[0]
    weight.data[0, 0] = np.inf
    weight.changed()
    networks = gan.generator, gan.discriminator
    before = flat([network.state_dict() for network in networks])
    with (
        np.errstate(all="ignore"),
        pytest.raises(DivergedError, match=r"^step 4 \(discriminator update\): \w+ made a NaN"),
    ):
        train(run, 9)
    assert flat([network.state_dict() for network in networks]) == before
    assert run.step == 3
