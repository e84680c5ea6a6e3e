"""Bounds of the likelihood from a code: the KL divergence of its posterior, and the figures of a VAE."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gans.metrics.meaning import Meaning
from gans.systems.sampling import in_batches
from minigrad import Tensor, tensor
from minigrad.ops import exp, square, sum
from minigrad.random import Generator

__all__ = ["BOUND_MEANINGS", "figures_of_bounds", "kl_divergence"]

TESTED = 1_000
"""The number of test samples over which figures are means."""

DRAWS = 50
"""The codes of each test sample in the importance-weighted bound."""

ACTIVE = 0.01
"""The variance of an active code's mean over the data, after Burda et al. 2016, section 5.2."""

BOUND_MEANINGS: Mapping[str, Meaning] = {
    "elbo": Meaning("lower bound of log p of a test sample, nats", "higher", "measured"),
    "elbo_reconstruction": Meaning("its part -log p(x|z), nats", "lower", "measured"),
    "elbo_kl": Meaning("its part KL(q(z|x), N(0, I)), nats", over="measured"),
    "iw_bound": Meaning(f"a tighter bound of log p, from {DRAWS} weighted codes, nats", "higher", "measured"),
    "active_codes": Meaning("elements of z in which the encoder puts something of x", over="measured"),
}


def kl_divergence(mu: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mu, sigma^2), N(0, I)) of codes (n, d), a sum over d: (n,) (Kingma and Welling 2014, appendix B).

    >>> kl_divergence(tensor([[0.0, 1.0]]), tensor([[0.0, 0.0]])).tolist()
    [0.5]
    """
    return sum(square(mu) + exp(log_variance) - 1.0 - log_variance, axis=1) / 2


def figures_of_bounds(system: Any, data: Any, rng: Generator) -> dict[str, float]:
    """The ELBO and its parts, the bound of Burda et al. 2016 (equation 8), and the codes in use.

    ``system.encode(x)`` are the mean and the logarithm of the variance of q(z|x), (n, d) each, and
    ``system.log_weights(x, rng)`` is log p(x|z) p(z) / q(z|x), (n,), for one z each.
    """
    tested = data.test(slice(0, TESTED)) if system.spec.is_image else data.sample(TESTED, rng)
    x = tensor(tested, device=system.device)
    log_weights = np.stack([in_batches(lambda x: system.log_weights(x, rng), x) for _ in range(DRAWS)])
    codes = in_batches(lambda x: system.encode(x)[0], x)
    kl = float(in_batches(lambda x: kl_divergence(*system.encode(x)), x).mean())
    elbo = float(log_weights.mean())
    return {
        "measured": len(x),
        "elbo": elbo,
        "elbo_reconstruction": -elbo - kl,
        "elbo_kl": kl,
        "iw_bound": float(np.logaddexp.reduce(log_weights, axis=0).mean()) - math.log(DRAWS),
        "active_codes": int((codes.var(axis=0) > ACTIVE).sum()),
    }
