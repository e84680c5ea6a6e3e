"""The two updates: what each may change, what each computes, and what happens on a NaN."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans import systems
from gans.steps import StepResult, discriminator_step, generator_step
from gans.systems import SYSTEMS
from gans.systems.system import precision
from gans.systems.two_player import TwoPlayer
from gans.updates import deferring
from minigrad.dispatch import kernels_of

MODELS = [("gan", (1, 28, 28)), ("dcgan", (1, 28, 28)), ("wgan", (1, 28, 28)), ("wgan-gp", (1, 28, 28))]
MODELS += [("dcgan", (3, 9, 32)), ("gan", (2,)), ("wgan", (1,)), ("wgan-gp", (2,))]


def start(
    model: str, shape: tuple[int, ...], **changes: Any
) -> tuple[TwoPlayer, mg.Tensor, np.random.Generator]:
    kind = "image" if len(shape) == 3 else "points"
    mg.manual_seed(0)
    gan = systems.build(systems.settings_for(model, kind, batch_size=4, **changes), shape)
    rng = np.random.default_rng(0)
    return gan, mg.Tensor(rng.uniform(-1, 1, (4, *shape)).astype(np.float32)), rng


def update_d(gan: TwoPlayer, real: mg.Tensor, z: mg.Tensor, rng: np.random.Generator) -> StepResult:
    return discriminator_step(gan.generator, gan.discriminator, gan.optimizer_d, gan.objective, real, z, rng)


def update_g(gan: TwoPlayer, z: mg.Tensor) -> StepResult:
    return generator_step(gan.generator, gan.discriminator, gan.optimizer_g, gan.objective, z)


def weights(network: mg.nn.Module) -> list[bytes]:
    return [p.data.tobytes() for p in network.parameters()]


@pytest.mark.parametrize(("model", "shape"), MODELS)
def test_each_step_changes_its_own_network_alone(model: str, shape: tuple[int, ...]) -> None:
    gan, real, rng = start(model, shape)
    G, D = gan.generator, gan.discriminator
    g, d = weights(G), weights(D)
    result = update_d(gan, real, gan.latent(4, rng), rng)
    assert weights(G) == g
    assert weights(D) != d
    assert result.real is not None
    assert float(result.grad_norm) > 0
    d = weights(D)
    result = update_g(gan, gan.latent(4, rng))
    assert weights(D) == d
    assert all(after != before for after, before in zip(weights(G), g, strict=True))
    assert result.real is None
    assert np.isfinite(float(result.loss))


def test_generator_step_runs_no_weight_kernel_of_the_discriminator(monkeypatch: pytest.MonkeyPatch) -> None:
    gan, real, rng = start("dcgan", (1, 28, 28), features=64, base=7)
    kernels = kernels_of(real.data)
    shapes: list[tuple[int, ...]] = []
    weight_kernel = kernels.conv2d_weight

    def spy(x: Any, g: Any, *settings: Any, **out: Any) -> Any:
        gw = weight_kernel(x, g, *settings, **out)
        shapes.append(gw.shape)
        return gw

    monkeypatch.setattr(kernels, "conv2d_weight", spy)
    update_g(gan, gan.latent(4, rng))
    assert sorted(shapes) == [(1, 64, 3, 3), (128, 64, 4, 4), (256, 128, 4, 4)]  # G's own three
    shapes.clear()
    update_d(gan, real, gan.latent(4, rng), rng)
    assert sorted(shapes) == [(64, 1, 4, 4)] * 2 + [(128, 64, 4, 4)] * 2  # D's two, on real and on fake


def test_losses_are_those_of_pytorch_step_by_step() -> None:
    torch = pytest.importorskip("torch")
    from torch.nn.functional import softplus

    from benchmarks.peers.pytorch_networks import twin

    with precision(np.float64):  # Adam's first steps have the sign of gradients, which rounding may decide
        gan, real, rng = start("dcgan", (1, 28, 28), lr=2e-4)
    real = real.astype(np.float64)
    G, D = twin(gan.generator), twin(gan.discriminator)
    optimizers = [torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999)) for network in (G, D)]
    for _ in range(3):
        z_d, z_g = gan.latent(4, rng), gan.latent(4, rng)
        d = update_d(gan, real, z_d, rng)
        g = update_g(gan, z_g)
        with torch.no_grad():
            fake = G(torch.from_numpy(z_d.data))
        optimizers[1].zero_grad()
        loss_d = softplus(-D(torch.from_numpy(real.data))).mean() + softplus(D(fake)).mean()
        loss_d.backward()
        optimizers[1].step()
        optimizers[0].zero_grad()
        loss_g = softplus(-D(G(torch.from_numpy(z_g.data)))).mean()
        loss_g.backward()
        optimizers[0].step()
        assert float(d.loss) == pytest.approx(loss_d.item(), rel=1e-9)
        assert float(g.loss) == pytest.approx(loss_g.item(), rel=1e-9)


def test_a_nan_stops_the_step_before_anything_changes() -> None:
    gan, real, rng = start("dcgan", (1, 28, 28))
    real.data[0, 0, 0, 0] = np.nan
    d = weights(gan.discriminator)
    with pytest.raises(mg.NonFiniteError, match="loss is nan"):
        update_d(gan, real, gan.latent(4, rng), rng)
    assert weights(gan.discriminator) == d


@pytest.mark.parametrize("captured", [False, True], ids=["plain", "captured"])
def test_an_unchecked_nan_raises_nothing_and_changes_no_weight(captured: bool) -> None:
    """As on a GPU, where whoever reads loss and norm later decides."""
    gan, real, rng = start("dcgan", (1, 28, 28))
    wrap = mg.capture if captured else lambda step: step
    d_step, g_step = wrap(discriminator_step), wrap(generator_step)
    G, D = gan.generator, gan.discriminator

    def updates(real: mg.Tensor, z: mg.Tensor) -> tuple[StepResult, StepResult]:
        with deferring() as checked:
            d = d_step(G, D, gan.optimizer_d, gan.objective, real, z, rng)
            g = g_step(G, D, gan.optimizer_g, gan.objective, z)
        assert len(checked) in (0, 4)  # a replay has them inside
        return d, g

    def state() -> list[bytes]:
        averages = [*gan.optimizer_d.averages["m"], *gan.optimizer_g.averages["v"]]
        return [*weights(D), *weights(G), *[array.tobytes() for array in averages]]

    for _ in range(3):
        before = state()
        assert all(np.isfinite(float(result.loss)) for result in updates(real, gan.latent(4, rng)))
        assert state() != before
    before = state()
    nan = real * np.nan
    for result in updates(nan.detach(), (gan.latent(4, rng) * np.nan).detach()):
        assert np.isnan(float(result.loss))
    assert state() == before


def test_wgan_clips_after_each_update() -> None:
    gan, real, rng = start("wgan", (1, 28, 28))
    update_d(gan, real, gan.latent(4, rng), rng)
    assert max(float(np.abs(p.data).max()) for p in gan.discriminator.parameters()) <= np.float32(0.01)


@pytest.mark.parametrize(("model", "shape"), MODELS)
def test_same_seed_same_numbers(model: str, shape: tuple[int, ...]) -> None:
    ends = []
    for _ in range(2):
        gan, real, rng = start(model, shape)
        for _ in range(2):
            discriminator_step(
                gan.generator,
                gan.discriminator,
                gan.optimizer_d,
                gan.objective,
                real,
                gan.latent(4, rng),
                rng,
            )
            update_g(gan, gan.latent(4, rng))
        ends.append(weights(gan.generator) + weights(gan.discriminator))
    assert ends[0] == ends[1]


def test_published_settings() -> None:
    image: Any = {
        name: system.presets["image"] for name, system in SYSTEMS.items() if "image" in system.presets
    }
    assert (image["dcgan"].batch_size, image["dcgan"].beta1, image["dcgan"].beta2) == (64, 0.5, 0.999)
    wgan = image["wgan"]
    assert (wgan.optimizer, wgan.lr, wgan.clip, wgan.critic_steps) == ("rmsprop", 5e-5, 0.01, 5)
    gp = image["wgan-gp"]
    assert (gp.lr, gp.beta1, gp.beta2, gp.penalty, gp.critic_steps) == (1e-4, 0.5, 0.9, 10.0, 5)
    cycle: Any = SYSTEMS["cyclegan"].presets["domains"]
    assert (cycle.lr, cycle.beta1, cycle.cycle, cycle.identity, cycle.pool) == (2e-4, 0.5, 10.0, 5.0, 50)
    pix: Any = SYSTEMS["pix2pix"].presets["pairs"]
    assert (pix.lr, pix.beta1, pix.l1, pix.adversarial, pix.dropout) == (2e-4, 0.5, 100.0, 1.0, 0.5)
    toy: Any = SYSTEMS["wgan-gp"].presets["points"]
    assert (toy.penalty, toy.width, toy.depth, toy.batch_size) == (0.1, 512, 3, 256)


def test_dcgan_keeps_its_published_rules() -> None:
    gan, _, _ = start("dcgan", (1, 28, 28))
    G, D = list(gan.generator), list(gan.discriminator)
    assert isinstance(G[-1], mg.nn.Tanh)
    assert not isinstance(G[-2], mg.nn.BatchNorm2d)
    assert isinstance(D[0], mg.nn.Conv2d)
    assert not isinstance(D[1], mg.nn.BatchNorm2d)
    linear = [layer for layer in (*G, *D) if isinstance(layer, mg.nn.Linear)]
    assert linear == [G[0], D[-1]]
    slopes = {layer.negative_slope for layer in D if isinstance(layer, mg.nn.LeakyReLU)}
    assert slopes == {0.2}
    for layer in (*G, *D):
        if isinstance(layer, mg.nn.Linear | mg.nn.Conv2d | mg.nn.ConvTranspose2d):
            assert layer.weight.data.std() == pytest.approx(0.02, rel=0.15)
            assert abs(layer.weight.data.mean()) < 2e-3


@pytest.mark.parametrize(("model", "shape"), MODELS)
def test_discriminators_end_in_logits_and_batch_norm_has_its_usual_constants(
    model: str, shape: tuple[int, ...]
) -> None:
    gan, real, _ = start(model, shape)
    layers = [*gan.generator.modules(), *gan.discriminator.modules()]
    assert not any(isinstance(layer, mg.nn.Sigmoid) for layer in layers)
    constants = {(layer.eps, layer.momentum) for layer in layers if isinstance(layer, mg.nn.BatchNorm2d)}
    assert constants <= {(1e-5, 0.1)}
    assert gan.discriminator(real).shape == (4, 1)


def test_wgan_gp_critic_has_no_batch_norm() -> None:
    gan, _, _ = start("wgan-gp", (1, 28, 28))
    assert not any(isinstance(layer, mg.nn.BatchNorm2d) for layer in gan.discriminator.modules())


def test_learning_rates_follow_the_step_alone() -> None:
    gan, _, _ = start("gan", (2,), lr=1e-3, lr_ratio=2.0, lr_half_life=100)
    assert gan.rates(200) == {"optimizer_g": 2.5e-4, "optimizer_d": 5e-4}
    assert gan.rates(0) == {"optimizer_g": 1e-3, "optimizer_d": 2e-3}
    gan, _, _ = start("gan", (2,), lr=1e-3, lr_ratio=1.0, lr_half_life=100, lr_floor=0.1)
    assert gan.rates(300)["optimizer_g"] == pytest.approx(1.25e-4)
    assert gan.rates(400)["optimizer_g"] == gan.rates(10**9)["optimizer_d"] == pytest.approx(1e-4)


def test_an_objective_that_reads_real_logits_needs_a_batch_in_gs_update() -> None:
    gan, real, rng = start("dcgan", (1, 28, 28))
    G, D = gan.generator, gan.discriminator
    relative = replace(
        gan.objective, generator=lambda fake, real: mg.ops.mean(real) - mg.ops.mean(fake), needs_real=True
    )
    z = gan.latent(4, rng)
    with pytest.raises(ValueError, match="needs a batch `real`"):
        generator_step(G, D, gan.optimizer_g, relative, z)
    with mg.no_grad():
        expected = D(real).numpy().mean() - D(G(z)).numpy().mean()
    d = weights(D)
    result = generator_step(G, D, gan.optimizer_g, relative, z, real)
    assert float(result.loss) == pytest.approx(expected, rel=1e-4)
    assert weights(D) == d
