"""VAE: its bound against closed forms, sums in place of means, and its pictures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from gans.data import load
from gans.errors import UserError
from gans.systems import Ask, Spec, System, build, settings_for
from gans.systems.bounds import kl_divergence
from gans.systems.vae import VAE, VAESettings
from gans.trainer import Training
from gans.trainer.pictures import shown
from minigrad import Tensor, nn
from minigrad.optim import Adam
from tests.gans.systems.sameness import (
    assert_a_deferred_failure_changes_nothing,
    assert_a_failure_changes_nothing,
    assert_replays_change_nothing,
    assert_resumes,
    noisy_images,
)

SMALL = (1, 8, 8)


class Linear(VAE):
    """A VAE of one linear layer each: the model of probabilistic principal components."""

    @staticmethod
    def networks(settings: VAESettings, spec: Spec) -> dict[str, nn.Module]:
        size = spec.shape[0]
        return {
            "encoder": nn.Linear(size, 2 * settings.latent),
            "decoder": nn.Linear(settings.latent, size),
        }


def linear(size: int = 3, latent: int = 2, noise: float = 0.5) -> Linear:
    mg.manual_seed(1)
    return Linear(VAESettings(latent=latent, likelihood="gaussian", noise=noise), Spec("points", (size,)))


def small(**changes: Any) -> VAE:
    mg.manual_seed(3)
    chosen = {"latent": 4, "features": 4, "width": 8, "batch_size": 8, **changes}
    system = build(settings_for("vae", "image", **chosen), SMALL)
    assert isinstance(system, VAE)
    return system


def training(capture: bool = True, **changes: Any) -> Training:
    return Training(small(**changes), noisy_images(SMALL), seed=2, capture=capture)


def spoil(system: System) -> None:
    """A weight of the decoder's that is not a number."""
    next(iter(system.decoder.parameters())).data[...] = np.nan  # type: ignore[attr-defined]


def closed_form(vae: Linear, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """E_q [-log p(x|z)] and KL of each x, by hand: p(x|z) = N(W z + b, s^2 I), q = N(mu, diag(v))."""
    code = x @ vae.encoder.weight.data.T + vae.encoder.bias.data  # type: ignore[union-attr]
    mu, log_v = np.split(code.astype(np.float64), 2, axis=1)
    w, b, s = vae.decoder.weight.data, vae.decoder.bias.data, vae.settings.noise  # type: ignore[union-attr]
    squares = ((x - mu @ w.T - b) ** 2).sum(1) + np.exp(log_v) @ (w**2).sum(0)
    reconstruction = squares / (2 * s**2) + x.shape[1] / 2 * math.log(2 * math.pi * s**2)
    return reconstruction, 0.5 * (mu**2 + np.exp(log_v) - 1 - log_v).sum(1)


def test_the_elbo_of_a_linear_vae_is_its_closed_form() -> None:
    vae = linear()
    x = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    reconstruction, kl = closed_form(vae, x)
    many = Tensor(np.tile(x, (20_000, 1)))
    found = vae.update_both(many, np.random.default_rng(1))
    assert found["kl"].item() == pytest.approx(kl.mean(), rel=1e-5)
    assert found["reconstruction"].item() == pytest.approx(reconstruction.mean(), rel=0.01)
    assert found["loss"].item() == pytest.approx((reconstruction + kl).mean(), rel=0.01)
    for wrong in (kl.mean() / 2, kl.sum()):  # a mean over codes, a sum over the batch
        assert found["kl"].item() != pytest.approx(wrong, rel=0.1)
    for wrong in (reconstruction.mean() / 3, reconstruction.sum()):
        assert found["reconstruction"].item() != pytest.approx(wrong, rel=0.1)


@pytest.mark.parametrize("mu", [-1.5, 0.0, 2.0])
@pytest.mark.parametrize("std", [0.3, 1.0, 2.5])
def test_kl_from_the_standard_normal(mu: float, std: float) -> None:
    """By numerical integration, in one dimension; in three equal ones it is three times as much."""
    z = np.linspace(mu - 12 * std, mu + 12 * std, 200_001)
    log_q = -(((z - mu) / std) ** 2) / 2 - math.log(std)
    density = np.exp(log_q) / math.sqrt(2 * math.pi)
    expected = (density * (log_q + z**2 / 2)).sum() * (z[1] - z[0])
    codes = mg.tensor([[mu] * 3]), mg.tensor([[2 * math.log(std)] * 3])
    assert kl_divergence(*[c[:, :1] for c in codes]).item() == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert kl_divergence(*codes).item() == pytest.approx(3 * expected, rel=1e-4, abs=1e-6)


def test_a_trained_linear_vae_reaches_the_likelihood_of_principal_components() -> None:
    """The bound is tight there: the optimum is the likelihood of Tipping and Bishop (1999), equation 8."""
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.standard_normal((4, 4)))[0] * [2.0, 1.2, 0.5, 0.5]
    x = (rng.standard_normal((4_000, 4)) @ axes.T).astype(np.float32)
    vae = linear(size=4, latent=2, noise=0.5)
    vae.optimizer = Adam([*vae.encoder.parameters(), *vae.decoder.parameters()], lr=0.01)
    step = mg.capture(lambda real, noise: vae.update_both.update.run(vae, real, noise).numbers["loss"])
    losses = []
    for i in range(2_000):
        vae.optimizer.lr = 0.03 * 0.5 ** (i / 300)
        losses.append(step(Tensor(x[rng.integers(0, len(x), 256)]), rng).item())
    spectrum = np.linalg.eigvalsh(np.cov(x.T, bias=True))[::-1]
    variances = np.array([*spectrum[:2], 0.25, 0.25])
    best = -0.5 * (4 * math.log(2 * math.pi) + np.log(variances).sum() + (spectrum / variances).sum())
    reconstruction, kl = closed_form(vae, x)
    elbo = -(reconstruction + kl).mean()
    assert elbo <= best + 1e-4
    assert elbo == pytest.approx(best, abs=0.02)
    assert -losses[0] < best - 1


def test_the_cross_entropy_is_summed_over_pixels() -> None:
    vae = small()
    x = mg.tensor([[[[-1.0] * 8] * 8]])
    h = Tensor(np.full((1, *SMALL), 0.7, np.float32))  # a pixel is 1 with probability sigmoid(1.4)
    assert vae.log_likelihood(x, h).item() == pytest.approx(-64 * math.log1p(math.exp(1.4)), rel=1e-5)
    assert vae.log_likelihood(-x, h).item() == pytest.approx(-64 * math.log1p(math.exp(-1.4)), rel=1e-5)
    with vae.evaluating():
        z = vae.noise(3, 4, np.random.default_rng(0))
        expected = 2 / (1 + np.exp(-2 * vae.decoder(z).data)) - 1
        np.testing.assert_allclose(vae.exported()(z).data, expected, atol=1e-6)


def test_the_gaussian_likelihood_is_a_density() -> None:
    vae = linear(size=1, noise=0.2)
    x = np.linspace(-3, 3, 20_001).reshape(-1, 1)
    log_p = vae.log_likelihood(Tensor(x), Tensor(np.full((1, 1), 0.4))).data
    assert np.exp(log_p).sum() * (x[1, 0] - x[0, 0]) == pytest.approx(1, abs=1e-6)
    assert x[log_p.argmax(), 0] == pytest.approx(0.4, abs=1e-3)


def test_the_bounds_of_figures_are_in_order() -> None:
    """ELBO <= importance-weighted bound <= log p(x), which a linear decoder has in closed form."""
    vae = linear(size=2, latent=2, noise=0.5)
    toy = load("ring")
    with vae.evaluating():
        found = vae.figures(toy, np.random.default_rng(0))
    x = toy.sample(1_000, np.random.default_rng(0)).astype(np.float64)
    w, b = vae.decoder.weight.data.astype(np.float64), vae.decoder.bias.data  # type: ignore[union-attr]
    covariance = w @ w.T + 0.25 * np.eye(2)
    squares = ((x - b) @ np.linalg.inv(covariance) * (x - b)).sum(1)
    log_p = -0.5 * (squares + np.log(np.linalg.det(covariance)) + 2 * math.log(2 * math.pi)).mean()
    reconstruction, kl = closed_form(vae, x)
    assert found.keys() == {*VAE.figure_meanings, "measured"}
    assert found["elbo_kl"] == pytest.approx(kl.mean(), rel=1e-4)
    assert found["elbo"] == pytest.approx(-(reconstruction + kl).mean(), rel=0.01)
    assert found["elbo"] == -found["elbo_reconstruction"] - found["elbo_kl"]
    assert found["elbo"] + 0.05 < found["iw_bound"] < log_p + 0.02


def test_a_code_without_information_is_not_active() -> None:
    vae = linear(size=2, latent=2)
    vae.encoder.weight.data[...] = 0  # type: ignore[union-attr]
    vae.encoder.weight.data[0] = 1  # type: ignore[union-attr]
    with vae.evaluating():
        assert vae.figures(load("ring"), np.random.default_rng(0))["active_codes"] == 1


def test_replays_resumes_and_failures() -> None:
    assert_replays_change_nothing(training)
    assert_resumes(lambda capture: training(capture, ema=0.9, lr_half_life=3))
    assert_a_failure_changes_nothing(training(lr_half_life=0), spoil)
    x = Tensor(noisy_images(SMALL).train(slice(0, 8)))
    assert_a_deferred_failure_changes_nothing(small().update_both, spoil, x, np.random.default_rng(0))


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 9, 32), (1, 64, 8)])
@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_networks_take_their_shape_from_the_images(shape: tuple[int, int, int], likelihood: str) -> None:
    settings = settings_for("vae", "image", features=2, width=8, likelihood=likelihood)
    vae = build(settings, shape)
    data = noisy_images(shape, 16)
    mu, log_variance = vae.encode(Tensor(data.test()))
    assert mu.shape == log_variance.shape == (16, settings.latent)
    made = shown(vae, data, np.random.default_rng(0))
    assert made.samples.shape == (64, *shape)
    assert np.abs(made.samples).max() <= 1


def test_a_picture_has_reconstructions_under_their_originals() -> None:
    vae = small()
    data = noisy_images(SMALL, 30)
    made = shown(vae, data, np.random.default_rng(0))
    rows = made.samples.reshape(-1, 8, *SMALL)
    assert (made.columns, len(rows)) == (8, 8)
    np.testing.assert_array_equal(rows[[4, 6]].reshape(16, *SMALL), data.test(slice(0, 16)))
    with vae.evaluating():
        again = vae.exported()(vae.encode(Tensor(data.test(slice(8, 16))))[0]).data
    np.testing.assert_allclose(rows[7], again, atol=1e-6)
    few = shown(vae, noisy_images(SMALL, 7), np.random.default_rng(0)).samples
    assert few.shape == (64, *SMALL)
    np.testing.assert_array_equal(few[:32], made.samples[:32])


def test_samples_come_from_the_prior_alone() -> None:
    vae = small()
    first = vae.sample(5, np.random.default_rng(0)).samples
    for p in vae.encoder.parameters():
        p.data[...] = 0
    np.testing.assert_array_equal(vae.sample(5, np.random.default_rng(0), Ask()).samples, first)


def test_a_setting_without_effect_is_refused() -> None:
    from gans.systems import check_used

    settings = settings_for("vae", "image", noise=0.2)
    with pytest.raises(UserError, match="`noise` is a setting of Gaussian"):
        check_used("vae", "image", ["noise"], settings)
    check_used("vae", "points", ["noise"], settings_for("vae", "points", noise=0.2))
