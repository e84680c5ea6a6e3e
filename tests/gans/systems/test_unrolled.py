"""Unrolled GAN: the steps ahead are Adam's, G's gradient flows through them, and they change nothing."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.data import load
from gans.data.spec import Spec
from gans.objectives import binary_cross_entropy
from gans.systems import build, settings_for
from gans.systems.unrolled import Unrolled
from minigrad.nn import functional_call
from tests.gans.systems import contract
from tests.states import flat

SMALL: dict[str, Any] = {"batch_size": 8, "width": 5, "latent": 3}


def built(double: bool = False, **changes: Any) -> Unrolled:
    mg.manual_seed(0)
    system: Unrolled = build(settings_for("unrolled", "points", **{**SMALL, **changes}), Spec("points", (2,)))
    if double:
        system.generator.double()
        system.discriminator.double()
        system.optimizer_d = mg.optim.Adam(system.discriminator.parameters(), lr=0.05, betas=(0.5, 0.999))
    return system


def points(seed: int = 0, dtype: Any = np.float32) -> mg.Tensor:
    return mg.Tensor(np.random.default_rng(seed).normal(size=(8, 2)).astype(dtype))


def test_the_steps_ahead_are_those_that_adam_takes() -> None:
    system, real, fake = built(unroll=4, lr_ratio=50.0), points(0), points(1)
    for _ in range(3):  # Adam's averages are not those of its start any more
        system.update_discriminator(real, np.random.default_rng(0))
    ahead = system.ahead(real, fake, system.corrections())
    D, adam = copy.deepcopy((system.discriminator, system.optimizer_d))
    for _ in range(4):
        adam.step(mg.grad(binary_cross_entropy(D(real), D(fake)), adam.params))
    start = dict(system.discriminator.named_parameters())
    for name, weight in D.named_parameters():
        assert np.abs(weight.numpy() - start[name].numpy()).max() > 1e-3
        np.testing.assert_allclose(ahead[name].numpy(), weight.numpy(), rtol=1e-5, atol=1e-6)


def value(system: Unrolled, real: mg.Tensor, z: mg.Tensor) -> mg.Tensor:
    """f_K at G's weights."""
    fake = system.generator(z)
    ahead = system.ahead(real, fake, system.corrections().astype(np.float64))
    on_real, on_fake = (functional_call(system.discriminator, ahead, x) for x in (real, fake))
    return -binary_cross_entropy(on_real, on_fake)


@pytest.mark.parametrize("unroll", [0, 1, 3])
def test_the_gradient_of_g_flows_through_the_steps_of_d(unroll: int) -> None:
    """Against central differences in float64, of f_K computed anew at each shifted weight."""
    system, real = built(double=True, unroll=unroll), points(0, np.float64)
    z = mg.Tensor(np.random.default_rng(2).normal(size=(8, 3)))
    weight = system.generator[0].weight
    (slope,) = mg.grad(value(system, real, z), [weight])
    found = []
    for shift in (1e-5, -1e-5):
        moved = built(double=True, unroll=unroll)
        array = moved.generator[0].weight.numpy().copy()
        array[1, 2] += shift
        moved.generator[0].load_state_dict({**moved.generator[0].state_dict(), "weight": array})
        found.append(value(moved, real, z).item())
    assert slope.numpy()[1, 2] == pytest.approx((found[0] - found[1]) / 2e-5, rel=1e-5)


def test_without_steps_ahead_it_is_the_minimax_game() -> None:
    system, real = built(double=True, unroll=0), points(0, np.float64)
    z = mg.Tensor(np.random.default_rng(2).normal(size=(8, 3)))
    D, G = system.discriminator, system.generator
    found = mg.grad(value(system, real, z), G.parameters())
    expected = mg.grad(-binary_cross_entropy(D(real), D(G(z))), G.parameters())
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_the_step_of_g_leaves_d_as_it_is() -> None:
    system = built(unroll=3)
    system.update_discriminator(points(), np.random.default_rng(0))
    before = flat(system.discriminator.state_dict()), flat(system.optimizer_d.state_dict())
    weights = flat(system.generator.state_dict())
    system.update_generator(points(), system.corrections(), np.random.default_rng(0))
    assert (flat(system.discriminator.state_dict()), flat(system.optimizer_d.state_dict())) == before
    assert flat(system.generator.state_dict()) != weights


def test_a_replay_reads_the_averages_of_the_present_step() -> None:
    """Steps ahead by replay are those computed op by op, though Adam's averages and count have changed."""
    runs = [contract.trained("unrolled", load("ring"), capture=capture, **SMALL) for capture in (True, False)]
    numbers = [contract.advance(run, 6) for run in runs]
    assert numbers[0] == numbers[1]
    assert len({record["loss_g"] for record in numbers[0]}) == 6
