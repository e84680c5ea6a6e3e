"""DualGAN: its losses, critics whose weights are clipped before the G's read them, and noise in samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.systems import Ask
from minigrad import Tensor
from tests.gans.systems.translators import data_for, system_for, training_for


def small(**changes: Any) -> Any:
    return system_for("dualgan", data_for("dualgan"), **{"identity": 0.0, **changes})


def images(seed: int) -> Tensor:
    return mg.tensor(np.random.default_rng(seed).uniform(-1, 1, (2, 1, 28, 28)).astype(np.float32))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def weights(*networks: Any) -> list[bytes]:
    return [p.numpy().tobytes() for network in networks for p in network.parameters()]


def test_the_critics_losses_are_equations_1_and_2() -> None:
    system, a, b = small(), images(1), images(2)
    with mg.no_grad():
        noise = rng()
        fake_a, fake_b = system.b_to_a(b, noise), system.a_to_b(a, noise)
        scores = {
            "loss_d_a": (system.critic_a(fake_a), system.critic_a(a)),
            "loss_d_b": (system.critic_b(fake_b), system.critic_b(b)),
        }
        expected = {
            name: float(fake.numpy().mean() - real.numpy().mean()) for name, (fake, real) in scores.items()
        }
    numbers = small().update_critics(a, b, rng())
    for name, value in expected.items():
        assert numbers[name].item() == pytest.approx(value, rel=1e-3, abs=1e-6)
    assert numbers["loss_d"].item() == pytest.approx(sum(expected.values()), rel=1e-3, abs=1e-6)


def test_the_generators_loss_is_equation_3() -> None:
    system, a, b = small(cycle=7.0), images(1), images(2)
    with mg.no_grad():
        noise = rng()
        fake_a, fake_b = system.b_to_a(b, noise), system.a_to_b(a, noise)
        adversarial = -float(system.critic_a(fake_a).numpy().mean() + system.critic_b(fake_b).numpy().mean())
        there_and_back, back_and_there = system.b_to_a(fake_b, noise), system.a_to_b(fake_a, noise)
        cycle = float(
            np.abs(there_and_back.numpy() - a.numpy()).mean()
            + np.abs(back_and_there.numpy() - b.numpy()).mean()
        )
    numbers = small(cycle=7.0).update_generators(a, b, rng())
    assert numbers["cycle"].item() == pytest.approx(cycle, rel=1e-4)
    assert numbers["adversarial"].item() == pytest.approx(adversarial, rel=1e-3, abs=1e-6)
    assert numbers["loss_g"].item() == pytest.approx(adversarial + 7 * cycle, rel=1e-4)


def test_an_image_of_the_set_that_is_made_should_stay_as_it_is() -> None:
    system, a, b = small(identity=3.0), images(1), images(2)
    noise = rng()
    without = small().update_generators(a, b, noise)
    with mg.no_grad():
        kept = (system.b_to_a(a, noise), a), (system.a_to_b(b, noise), b)
    changed = sum(float(np.abs(made.numpy() - given.numpy()).mean()) for made, given in kept)
    numbers = system.update_generators(a, b, rng())
    assert "identity" not in without
    assert numbers["identity"].item() == pytest.approx(changed, rel=1e-4)
    assert numbers["loss_g"].item() == pytest.approx(without["loss_g"].item() + 3 * changed, rel=1e-4)


def test_each_update_moves_its_own_networks_alone_and_clips_the_critics() -> None:
    system, a, b = small(clip=0.01), images(1), images(2)
    generators, critics = (system.a_to_b, system.b_to_a), (system.critic_a, system.critic_b)
    before = weights(*generators)
    system.update_critics(a, b, rng())
    assert weights(*generators) == before
    largest = max(float(np.abs(p.numpy()).max()) for critic in critics for p in critic.parameters())
    assert largest == np.float32(0.01)
    clipped = weights(*critics)
    system.update_generators(a, b, rng())
    assert weights(*critics) == clipped
    assert weights(*generators) != before


def test_the_critics_take_their_steps_before_the_generators() -> None:
    training, order = training_for("dualgan", critic_steps=3, capture=False), []
    system: Any = training.system

    class Trainer:
        rng, host_rng, step = np.random.default_rng(0), np.random.default_rng(0), 0

        def batch(self) -> Any:
            return images(1), None, images(2)

        def update(self, update: Any, *arguments: Any) -> None:
            order.append(update.update.name)

    system.step(Trainer())
    assert order == ["critics", "critics", "critics", "generators"]
    assert system.batches_per_step == 3


def test_noise_changes_a_translation_and_a_seed_decides_it() -> None:
    system, a = small(), images(1).numpy()
    first, same, other = (system.sample(2, rng(seed), Ask(sources=a)).samples for seed in (0, 0, 1))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_the_critics_part_the_sets_and_the_cycle_closes() -> None:
    training = training_for("dualgan", batch_size=4, cycle=10.0, lr=1e-3)
    numbers = [dict(record.numbers) for _ in range(60) for record in training.advance()]
    first, last = (np.mean([one["cycle"] for one in part]) for part in (numbers[:10], numbers[-10:]))
    assert last < 0.6 * first
    assert np.mean([one["loss_d"] for one in numbers[10:]]) < 0
