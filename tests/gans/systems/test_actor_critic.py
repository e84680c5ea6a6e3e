"""Actor-critic: rewards from the data, a critic that estimates them, and an actor that does not spread."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.data import load
from gans.data.spec import Spec
from gans.metrics import mode_coverage
from gans.systems import build, settings_for
from gans.systems.actor_critic import ActorCritic
from tests.gans.systems import contract

SMALL: dict[str, Any] = {"batch_size": 8, "width": 8}


def built(**changes: Any) -> ActorCritic:
    mg.manual_seed(0)
    settings = settings_for("actor-critic", "points", **{**SMALL, **changes})
    system: ActorCritic = build(settings, Spec("points", (2,)))
    return system


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def points(seed: int, n: int = 8) -> mg.Tensor:
    return mg.Tensor(rng(seed).normal(size=(n, 2)).astype(np.float32))


def test_the_reward_is_the_log_of_a_density_of_kernels() -> None:
    actions, real = points(0, 5).numpy(), points(1, 7).numpy()
    apart = np.square(actions[:, None].astype(np.float64) - real[None]).sum(axis=2)
    expected = np.log(np.exp(-apart / (2 * 0.5**2)).mean(axis=1))[:, None]
    found = built(reach=0.5).reward(mg.Tensor(actions), mg.Tensor(real)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_each_network_has_its_own_loss() -> None:
    system, real = built(exploration=0.0), points(1)
    with mg.no_grad():
        actions = system.actor(system.noise(8, 2, rng()))
        rewards, guesses = system.reward(actions, real).numpy(), system.critic(actions).numpy()
    before = [p.numpy().tobytes() for p in system.actor.parameters()]
    found = system.update_critic(real, rng())
    assert found["loss_d"].item() == pytest.approx(np.square(guesses - rewards).mean(), rel=1e-4)
    assert found["reward"].item() == pytest.approx(rewards.mean(), rel=1e-4)
    assert [p.numpy().tobytes() for p in system.actor.parameters()] == before
    critic = [p.numpy().tobytes() for p in system.critic.parameters()]
    with mg.no_grad():
        expected = -system.critic(system.actor(system.noise(8, 2, rng()))).numpy().mean()
    assert system.update_actor(rng())["loss_g"].item() == pytest.approx(expected, rel=1e-4)
    assert [p.numpy().tobytes() for p in system.critic.parameters()] == critic
    assert [p.numpy().tobytes() for p in system.actor.parameters()] != before


def test_the_critic_s_target_does_not_depend_on_the_actor_and_d_s_does() -> None:
    """Of one action and one real batch: another actor changes nothing that the critic should say of it."""
    first, second = built(), built()
    for p in second.actor.parameters():
        mg.modify(p, lambda memory: memory.fill(0.5))
    action, real = points(3, 1), points(1)
    assert first.reward(action, real).item() == second.reward(action, real).item()


def test_the_reward_rises_while_the_actor_gives_up_modes() -> None:
    training, ring = contract.trained("actor-critic", load("ring"), width=64), load("ring")
    numbers = contract.advance(training, 600)
    first, last = (np.mean([one["reward"] for one in part]) for part in (numbers[:20], numbers[-20:]))
    assert last > first + 2
    made = training.system.sample(2_000, rng()).samples
    assert mode_coverage(made, ring.modes, 0.15).covered <= 4
