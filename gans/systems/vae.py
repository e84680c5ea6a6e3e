"""VAE: an auto-encoder with a random code, trained on a bound of the likelihood (Kingma and Welling 2014).

The encoder makes the mean mu and the variance sigma^2 of a Gaussian q(z|x) for each x, the decoder the mean
of p(x|z); the prior of z is N(0, I). Training raises the evidence lower bound of log p(x) (equation 10):

    ELBO(x) = E_q [log p(x|z)] - KL(q(z|x), N(0, I))
    KL = 1/2 sum_j (mu_j^2 + sigma_j^2 - 1 - log sigma_j^2)

with z = mu + sigma eps, eps from N(0, I): the gradient reaches mu and sigma through z. Both terms are sums
over pixels and over codes; only the samples of a batch are averaged. log p(x|z) is minus the cross-entropy of
the pixels in [0, 1] ("bernoulli"), or that of N(mean, noise^2) ("gaussian").

The paper has one hidden layer of 500 units, Adagrad and batches of 100. Here the networks are convolutional,
as in comparisons of VAEs with GANs (Lucic et al. 2018), and Adam trains them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from gans.data.spec import Spec
from gans.networks import codec
from gans.networks.mlp import mlp
from gans.systems.bounds import BOUND_MEANINGS, figures_of_bounds, kl_divergence
from gans.systems.optimizing import AdamSettings, adam
from gans.systems.sampling import in_batches
from gans.systems.settings import setting
from gans.systems.system import Ask, Made, System, Trainer
from gans.updates import descend, update
from minigrad import Tensor, nn
from minigrad.ops import binary_cross_entropy_with_logits, exp, mean, square, sum
from minigrad.random import Generator, normal


@dataclass(frozen=True, kw_only=True)
class VAESettings(AdamSettings):
    """``latent`` is the length of the code z, ``noise`` the standard deviation of the "gaussian" p(x|z)."""

    latent: int = setting(20, "length of the code z", least=1, most=2**16)
    likelihood: Literal["bernoulli", "gaussian"] = setting(
        "bernoulli", "p(x|z): bernoulli, the cross-entropy of pixels, or gaussian"
    )
    noise: float = setting(
        0.1, "standard deviation of p(x|z)", above=0, requires=("likelihood", "gaussian"), metavar="STD"
    )
    features: int = setting(16, "channels of the layers next to the image", least=1, most=2**10, only="image")
    width: int = setting(256, "units of a fully connected hidden layer", least=1, most=2**14)
    depth: int = setting(2, "hidden layers, on toys", least=1, most=1_000, only="points")


class VAE(System):
    name, title, paper = "vae", "VAE", "Kingma and Welling 2014"
    summary = "an encoder and a decoder maximise a bound of the likelihood; no D"
    presets = {
        "image": VAESettings(lr=1e-3, lr_half_life=1000, beta1=0.9),
        "points": VAESettings(batch_size=256, lr=1e-3, beta1=0.9, latent=2, likelihood="gaussian", width=128),
    }
    asks = ("truncation",)
    epochs = {"image": 40, "points": 20}
    averaged = ("encoder", "decoder")
    judges_by_probability = False
    figure_meanings = BOUND_MEANINGS

    encoder: nn.Module
    decoder: nn.Module

    def __init__(self, settings: VAESettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.optimizer = adam(settings, self.encoder, self.decoder)

    @staticmethod
    def networks(settings: VAESettings, spec: Spec) -> dict[str, nn.Module]:
        latent, width = settings.latent, settings.width
        if spec.is_image:
            encoder, decoder = codec.convolutional(spec.shape, latent, settings.features, width)
        else:
            size, hidden = spec.shape[0], [width] * settings.depth
            encoder = mlp((size, *hidden, 2 * latent), nn.ReLU)
            decoder = mlp((latent, *hidden, size), nn.ReLU)
        return {"encoder": encoder, "decoder": decoder}

    def step(self, trainer: Trainer) -> None:
        trainer.update(self.update_both, trainer.batch().real, trainer.rng)

    @update("VAE", reports=("loss", "reconstruction", "kl", "grad_norm"))
    def update_both(self, real: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of encoder and decoder: the loss is -ELBO, a mean over the batch."""
        mu, log_variance = self.encode(real)
        z = mu + exp(log_variance / 2) * normal(mu.shape, generator=rng, device=self.device)
        reconstruction = -mean(self.log_likelihood(real, self.decoder(z)))
        kl = mean(kl_divergence(mu, log_variance))
        loss = reconstruction + kl
        descent = descend(loss, self.optimizer)
        return {"loss": loss, "reconstruction": reconstruction, "kl": kl, "grad_norm": descent.norm}

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The mean and the logarithm of the variance of q(z|x), (n, latent) each."""
        both = self.encoder(x)
        return both[:, : self.settings.latent], both[:, self.settings.latent :]

    def log_likelihood(self, x: Tensor, decoded: Tensor) -> Tensor:
        """log p(x|z), (n,), a sum over pixels; ``decoded`` are halves of logits, or means of a Gaussian."""
        if self.settings.likelihood == "bernoulli":
            each = -binary_cross_entropy_with_logits(2.0 * decoded, (x + 1.0) / 2, reduction="none")
        else:
            std = self.settings.noise
            each = -square((x - decoded) / std) / 2 - math.log(std * math.sqrt(2 * math.pi))
        return sum(each, axis=tuple(range(1, x.ndim)))

    def exported(self) -> nn.Module:
        """The decoder up to the mean of p(x|z): tanh(h) is 2 sigmoid(2h) - 1, a pixel in [-1, 1]."""
        if self.settings.likelihood == "bernoulli":
            return nn.Sequential(self.decoder, nn.Tanh())
        return nn.Sequential(self.decoder, nn.Hardtanh()) if self.spec.is_image else self.decoder

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        return Made(in_batches(self.exported(), self.latent(n, rng, ask.truncation)))

    def show(self, n: int, rng: Generator, ask: Ask) -> Made:
        """Samples; below them rows of real images, each with the row of their reconstructions under it."""
        columns = math.isqrt(n)
        rows = 0 if ask.real is None else min(n // 4, len(ask.real)) // columns
        if ask.real is None or rows == 0:
            return self.make(n, rng, ask)
        real = ask.real[: rows * columns]
        again = in_batches(lambda x: self.exported()(self.encode(x)[0]), real, device=self.device)
        pairs = [x.reshape(rows, 1, columns, *self.spec.shape) for x in (real, again)]
        below = np.concatenate(pairs, axis=1).reshape(-1, *self.spec.shape)
        samples = self.make(n - len(below), rng, ask).samples
        return Made(np.concatenate([samples, below]), columns=columns)

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        return figures_of_bounds(self, data, rng)

    def log_weights(self, x: Tensor, rng: Generator) -> Tensor:
        """log p(x|z) p(z) / q(z|x) for one z from q(z|x), (n,): its mean is the ELBO."""
        mu, log_variance = self.encode(x)
        eps = normal(mu.shape, generator=rng, device=self.device)
        z = mu + exp(log_variance / 2) * eps
        prior_over_posterior = sum(square(eps) + log_variance - square(z), axis=1) / 2
        return self.log_likelihood(x, self.decoder(z)) + prior_over_posterior
