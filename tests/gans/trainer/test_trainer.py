"""The training loop as a library: the order of updates, the data of each step, and what stops it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans import data
from gans.data import ImageData
from gans.data.images import image_data
from gans.data.spec import Kind
from gans.errors import UserError
from gans.systems import SYSTEMS, build, find, settings_for
from gans.systems.two_player import TwoPlayer
from gans.trainer import Callback, DivergedError, Record, Training, default_epochs, random_stream, train
from gans.trainer.batches import TOY_EPOCH_STEPS, Batches
from gans.trainer.pace import Pace, duration
from tests.states import flat


class Keep(Callback):
    def __init__(self) -> None:
        self.calls: list[str] = []
        self.records: list[Record] = []
        self.epochs: list[int] = []

    def on_start(self, training: Training) -> None:
        self.calls.append("start")

    def on_step(self, training: Training, record: Record) -> None:
        self.calls.append("step")
        self.records.append(record)
        if training.at_epoch_end:
            self.epochs.append(training.epoch)

    def on_end(self, training: Training) -> None:
        self.calls.append("end")


def toy_gan(model: str = "gan", **changes: object) -> TwoPlayer:
    mg.manual_seed(0)
    gan: TwoPlayer = build(settings_for(model, "points", batch_size=16, width=8, **changes), (2,))
    return gan


def toy_training(model: str = "gan", **changes: object) -> Training:
    return Training(toy_gan(model, **changes), data.load("ring"), seed=3)


def images(count: int, size: int = 4) -> ImageData:
    """Images that are all different."""
    pixels = np.zeros((count, size, size), np.uint8)
    pixels[:, 0, 0] = np.arange(count)
    labels = np.zeros(count, np.uint8)
    return image_data("small", pixels, labels, pixels.copy(), labels)


def test_a_step_is_k_updates_of_d_and_one_of_g() -> None:
    training = toy_training("wgan", critic_steps=3)
    keep = Keep()
    train(training, 4, [keep])
    parts: Any = training.system.parts()
    assert (parts["optimizer_d"].steps, parts["optimizer_g"].steps) == (12, 4)
    assert keep.calls == ["start", "step", "step", "step", "step", "end"]
    assert [record.step for record in keep.records] == [1, 2, 3, 4]
    assert all(record.seconds > 0 for record in keep.records)


def test_a_step_has_the_learning_rates_of_the_steps_before_it() -> None:
    training = toy_training(lr=0.01, lr_ratio=2.0, lr_half_life=2)
    rates = []
    for _ in range(5):
        training.advance()
        parts: Any = training.system.parts()
        rates.append((parts["optimizer_g"].lr, parts["optimizer_d"].lr))
    expected = [0.01 * 0.5 ** (step / 2) for step in range(5)]
    assert [g for g, _ in rates] == pytest.approx(expected)
    assert [d for _, d in rates] == pytest.approx([2 * lr for lr in expected])


def test_training_goes_on_to_the_given_step() -> None:
    training = toy_training()
    train(training, 2)
    train(training, 5)
    train(training, 5)
    assert training.step == 5


def test_what_follows_a_training_may_be_one_callback_one_function_or_several() -> None:
    training, keep = toy_training(), Keep()
    seen: list[tuple[int, int]] = []

    def follow(training: Training, record: Record) -> None:
        seen.append((training.step, record.step))

    train(training, 1, keep)
    train(training, 2, follow)
    train(training, 3, [keep, follow])
    assert [record.step for record in keep.records] == [1, 3]
    assert seen == [(2, 2), (3, 3)]
    with pytest.raises(TypeError, match=r"a callback is a Callback or a function .*, got int"):
        train(training, 4, [3])  # type: ignore[list-item]
    assert repr(training) == "Training(gan on ring, step 3, epoch 1)"


def test_stop_is_called_after_each_step() -> None:
    training = toy_training()
    keep = Keep()
    train(training, 100, [keep], stop=lambda: len(keep.records) == 3)
    assert training.step == 3
    assert keep.calls[-1] == "end"


def test_the_seed_decides_everything_and_another_one_changes_it() -> None:
    def state(seed: int) -> dict[str, object]:
        mg.manual_seed(seed)
        training = Training(build(settings_for("gan", "points", width=8), (2,)), data.load("ring"), seed)
        train(training, 3)
        return flat(training.state_dict())

    assert state(1) == state(1)
    assert state(1) != state(2)


def test_a_restored_training_goes_on_bit_for_bit() -> None:
    whole = toy_training()
    train(whole, 3)
    state = whole.state_dict()
    train(whole, 6)
    mg.manual_seed(99)
    again = Training(build(whole.system.settings, (2,)), data.load("ring"), seed=3)
    again.load_state_dict(state)
    train(again, 6)
    assert flat(again.state_dict()) == flat(whole.state_dict())


def test_an_epoch_of_images_shows_each_of_them_at_most_once_in_a_new_order() -> None:
    batches = Batches(images(50), batch_size=4, batches_per_step=3, seed=0)
    rng = np.random.default_rng(0)
    assert batches.steps_per_epoch == 4
    epochs = []
    for epoch in range(3):
        seen = [
            batches.batch(step, k, rng).real[:, 0, 0, 0]
            for step in range(epoch * 4, epoch * 4 + 4)
            for k in range(3)
        ]
        epochs.append(np.concatenate(seen).tolist())
    assert all(len(set(epoch)) == 48 for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state


def test_batches_depend_on_the_step_alone() -> None:
    one, other = (Batches(images(50), 4, 3, seed=5) for _ in range(2))
    rng = np.random.default_rng(0)
    for step in range(9):
        one.batch(step, 0, rng)
    assert np.array_equal(one.batch(9, 2, rng).real, other.batch(9, 2, rng).real)


def test_batches_are_scaled_images() -> None:
    batch = Batches(images(8), 8, 1, seed=0).batch(0, 0, np.random.default_rng(0)).real
    assert batch.dtype == np.float32
    assert batch.shape == (8, 1, 4, 4)
    assert batch.min() == -1


def test_a_step_that_needs_more_images_than_there_are_is_an_error() -> None:
    with pytest.raises(UserError, match=r"1 batch of 80 images, and small has only 79"):
        Batches(images(79), 80, 1, seed=0)
    with pytest.raises(UserError, match=r"5 batches of 16 images, and small has only 79.*`batch_size`"):
        Batches(images(79), 16, 5, seed=0)
    assert Batches(images(80), 16, 5, seed=0).steps_per_epoch == 1


def test_epochs_are_counted_from_one() -> None:
    training = Training(build(settings_for("gan", "image", batch_size=4), (1, 4, 4)), images(12), seed=0)
    keep = Keep()
    assert training.epoch == 0
    train(training, 7, [keep])
    assert [record.epoch for record in keep.records] == [1, 1, 1, 2, 2, 2, 3]
    assert keep.epochs == [1, 2]


def default_steps(model: str, kind: Kind, **changes: object) -> tuple[int, int]:
    """Epochs and steps of a training on 6,000 images that gives no length."""
    settings = settings_for(model, kind, batch_size=10, **changes)
    batches = Batches(images(6000), 10, find(model).batches_in_a_step(settings), seed=0)
    epochs = default_epochs(settings, kind)
    return epochs, epochs * batches.steps_per_epoch


def test_a_default_length_is_in_epochs_that_count_each_batch_of_a_step() -> None:
    """A step of two updates of D passes the images twice as fast; more updates change no number of steps."""
    assert default_steps("stargan", "image") == (14, 14 * 300)
    assert default_steps("stargan", "image", critic_steps=5) == (35, 35 * 120)
    assert default_steps("stargan", "image", critic_steps=3) == (21, 21 * 200)
    assert default_steps("dcgan", "image") == (27, 27 * 600)
    assert default_steps("relativistic", "image") == (54, 54 * 300)


@pytest.mark.parametrize("model", list(SYSTEMS))
def test_the_default_length_of_a_preset_is_that_of_its_system(model: str) -> None:
    for kind in SYSTEMS[model].presets:
        assert default_epochs(settings_for(model, kind), kind) == SYSTEMS[model].epochs.get(kind, 1)


def test_toys_have_epochs_of_a_fixed_length() -> None:
    assert toy_training().steps_per_epoch == TOY_EPOCH_STEPS


def test_streams_of_a_seed_are_independent_of_each_other_and_of_the_epochs() -> None:
    names = ("training", "fixed noise", "plots", "samples", "data")
    draws = Counter(random_stream(7, name).integers(2**62) for name in names)
    draws += Counter(np.random.default_rng([7, epoch]).integers(2**62) for epoch in range(5))
    assert set(draws.values()) == {1}
    assert random_stream(7, "training").integers(2**62) in draws


@pytest.mark.parametrize("network", ["discriminator", "generator"])
def test_a_nan_stops_before_anything_changes_and_names_step_and_op(network: str) -> None:
    training = toy_training()
    train(training, 2)
    gan: Any = training.system
    weights = getattr(gan, network).parameters()
    weights[0].data[0, 0] = np.inf
    weights[0].changed()
    if network == "generator":  # let D get past the fakes, so that it is G's update that fails
        gan.objective = replace(gan.objective, discriminator=lambda real, fake: mg.ops.mean(real))
    before = flat(gan.generator.state_dict())
    with pytest.raises(
        DivergedError, match=rf"^step 3 \({network} update\): \w+ made a NaN.*try a lower `lr`"
    ):
        train(training, 10)
    assert training.step == 2
    assert flat(gan.generator.state_dict()) == before


def test_a_replay_that_finds_no_op_still_reports_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **options: object) -> None:
        raise mg.NonFiniteError("the loss is nan, the norm of its gradient 1.0")

    monkeypatch.setattr("gans.systems.two_player.discriminator_step", fail)
    with pytest.raises(DivergedError, match=r"step 1 .*the loss is nan"):
        train(toy_training(), 1)


def test_a_replay_sees_the_random_numbers_of_the_update(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def fail(*arguments: object, **options: object) -> None:
        rng = arguments[-1]
        assert isinstance(rng, np.random.Generator)
        seen.append((rng.random(), mg.random.generator().random()))
        raise mg.NonFiniteError("NaN")

    monkeypatch.setattr("gans.systems.two_player.discriminator_step", fail)
    with pytest.raises(DivergedError):
        train(toy_training(), 1)
    assert len(seen) == 2
    assert seen[0] == seen[1]


def test_pace_is_that_of_the_last_half_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("gans.trainer.pace.monotonic", lambda: clock[0])
    pace = Pace()
    assert pace.steps_per_second is None
    pace.mark(1)
    assert pace.steps_per_second is None
    for step in range(2, 1_002):
        clock[0] += 0.05
        pace.mark(step)
    assert pace.steps_per_second == pytest.approx(20)
    for step in range(1_002, 1_102):
        clock[0] += 1
        pace.mark(step)
    assert pace.steps_per_second == pytest.approx(1)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (59.4, "59s"), (59.6, "1m00s"), (3_599, "59m59s"), (7_325, "2h02m")]
)
def test_durations_in_words(seconds: float, text: str) -> None:
    assert duration(seconds) == text
