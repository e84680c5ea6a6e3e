"""Whole training steps on CUDA code give the numbers of the reference kernels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from types import ModuleType

import numpy as np
import pytest

import minigrad as mg
from gans import systems
from gans.objectives import non_saturating_gan, wasserstein_gp
from gans.steps import StepResult, discriminator_step, generator_step
from minigrad import nn
from minigrad.dispatch import use_kernels
from minigrad.kernels.cuda.runtime import loading
from minigrad.optim import Adam
from tests.gans.assembled import Assembled
from tests.gpu.device.conftest import Copies
from tests.gpu.emulator import Emulator

LATENT, SIZE = 5, 8


def small_dcgan(device: str = "cpu", *, critic: bool = False) -> Assembled:
    """DCGAN's layers on images of 8 x 8, few of them; with a critic without batch norm, WGAN-GP's."""
    mg.manual_seed(0)
    G = nn.Sequential(
        nn.Linear(LATENT, 8 * 2 * 2, bias=False),
        nn.Unflatten(1, (8, 2, 2)),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1),
        nn.LeakyReLU(0.1),
        nn.Conv2d(3, 1, 3, padding=1),
        nn.Tanh(),
    )
    D = nn.Sequential(
        nn.Conv2d(1, 4, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(4, 6, 4, stride=2, padding=1, bias=critic),
        *([] if critic else [nn.BatchNorm2d(6)]),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(6 * 2 * 2, 1),
    )
    G.to(device)
    D.to(device)
    settings = systems.settings_for("dcgan", "image", latent=LATENT)
    objective = wasserstein_gp(10.0) if critic else non_saturating_gan()
    adam = {"lr": 2e-3, "betas": (0.5, 0.999)}
    optimizers = Adam(G.parameters(), **adam), Adam(D.parameters(), **adam)
    return Assembled(settings, (G, D), optimizers, objective, device)


def steps(gan: Assembled, count: int) -> list[StepResult]:
    """Updates of D and of G in turn, on noise for images."""
    rng = np.random.default_rng(0)
    G, D, results = gan.generator, gan.discriminator, []
    for _ in range(count):
        real = mg.tensor(rng.uniform(-1, 1, (3, 1, SIZE, SIZE)), np.float32, gan.device)
        z = gan.latent(3, rng)
        results.append(discriminator_step(G, D, gan.optimizer_d, gan.objective, real, z, rng))
        results.append(generator_step(G, D, gan.optimizer_g, gan.objective, gan.latent(3, rng)))
    return results


def outcome(gan: Assembled, results: list[StepResult]) -> tuple[list[float], dict[str, np.ndarray]]:
    numbers = [float(t) for result in results for t in result if t is not None]
    weights = {
        f"{part}.{name}": array
        for part, network in (("G", gan.generator), ("D", gan.discriminator))
        for name, array in network.state_dict().items()
    }
    return numbers, weights


def assert_near(
    gan: Assembled, results: list[StepResult], other: Assembled, expected: list[StepResult]
) -> None:
    (numbers, weights), (wanted, wanted_weights) = outcome(gan, results), outcome(other, expected)
    np.testing.assert_allclose(numbers, wanted, rtol=1e-4, atol=1e-6)
    for name, array in weights.items():
        np.testing.assert_allclose(array, wanted_weights[name], rtol=1e-3, atol=2e-5, err_msg=name)


@pytest.fixture(params=[False, True], ids=["emulated", "emulated-checked"])
def cuda_kernels(request: pytest.FixtureRequest, emulator_at_hand: None) -> Iterator[None]:
    """NumPy arrays are served by CUDA code, fast or with every access checked."""
    with ExitStack() as stack:
        stack.enter_context(loading.use(Emulator(check=request.param, seed=2)))
        stack.enter_context(use_kernels("cuda"))
        yield


@pytest.mark.parametrize("critic", [False, True], ids=["dcgan", "wgan-gp"])
def test_steps_on_cuda_code(critic: bool, cuda_kernels: None) -> None:
    gan = small_dcgan(critic=critic)
    results = steps(gan, 1)
    with use_kernels("reference"):
        other = small_dcgan(critic=critic)
        expected = steps(other, 1)
    assert_near(gan, results, other, expected)


@pytest.mark.parametrize("critic", [False, True], ids=["dcgan", "wgan-gp"])
def test_steps_on_the_device(critic: bool, cupy: ModuleType, copies: Copies) -> None:
    gan, other = small_dcgan("cuda", critic=critic), small_dcgan(critic=critic)
    copies.reset()
    results = steps(gan, 2)
    # an update reads whether all is finite
    copies.check(reads=2 * 2)
    # a batch, and noise and an optimizer's settings for each update; WGAN-GP mixes real and fake in random
    # shares
    copies.check(writes=2 * (6 if critic else 5))
    with use_kernels("reference"):
        expected = steps(other, 2)
    assert_near(gan, results, other, expected)


def test_the_step_of_the_dcgan_that_users_train(cupy: ModuleType) -> None:
    numbers = []
    for device in ("cuda", "cpu"):
        mg.manual_seed(0)
        gan = systems.build(systems.settings_for("dcgan", "image"), (1, 28, 28), device)
        rng = np.random.default_rng(0)
        real = mg.tensor(rng.uniform(-1, 1, (2, 1, 28, 28)), np.float32, device)
        networks = gan.generator, gan.discriminator
        d = discriminator_step(*networks, gan.optimizer_d, gan.objective, real, gan.latent(2, rng), rng)
        g = generator_step(*networks, gan.optimizer_g, gan.objective, gan.latent(2, rng))
        numbers.append([float(t) for t in (*d, *g) if t is not None])
    np.testing.assert_allclose(*numbers, rtol=1e-3)


@pytest.mark.parametrize("critic", [False, True], ids=["dcgan", "wgan-gp"])
def test_steps_repeat_bit_for_bit(critic: bool, cupy: ModuleType) -> None:
    gans = [small_dcgan("cuda", critic=critic) for _ in range(2)]
    (numbers, weights), (again, same) = (outcome(gan, steps(gan, 2)) for gan in gans)
    assert numbers == again
    for name, array in weights.items():
        assert array.tobytes() == same[name].tobytes(), name
