"""Parzen windows against SciPy, and against a density that is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gans.metrics import parzen_estimate, parzen_log_likelihood

RNG = np.random.default_rng(0)
POINTS, SAMPLES = RNG.standard_normal((40, 5)), RNG.standard_normal((60, 5))


@pytest.mark.parametrize("sigma", [0.1, 0.5, 2.0])
def test_it_is_scipys_logsumexp(sigma: float) -> None:
    special = pytest.importorskip("scipy.special")
    exponents = -((POINTS[:, None] - SAMPLES) ** 2).sum(axis=2) / (2 * sigma**2)
    normal = math.log(len(SAMPLES)) + 5 * math.log(sigma * math.sqrt(2 * math.pi))
    np.testing.assert_allclose(
        parzen_log_likelihood(POINTS, SAMPLES, sigma),
        special.logsumexp(exponents, axis=1) - normal,
        rtol=1e-9,
    )


def test_it_is_scipys_density_of_normals() -> None:
    stats = pytest.importorskip("scipy.stats")
    density = np.mean([stats.multivariate_normal(s, 0.3**2).pdf(POINTS) for s in SAMPLES], axis=0)
    np.testing.assert_allclose(parzen_log_likelihood(POINTS, SAMPLES, 0.3), np.log(density), rtol=1e-8)


def test_far_points_do_not_underflow() -> None:
    found = parzen_log_likelihood([[1e3]], [[0.0]], 0.1)
    assert found[0] == pytest.approx(-(1e6) / 0.02 - math.log(0.1 * math.sqrt(2 * math.pi)))


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = parzen_log_likelihood(POINTS, SAMPLES, 0.7)
    monkeypatch.setattr("gans.metrics.distances.BLOCK_ELEMENTS", 7 * len(SAMPLES))
    np.testing.assert_allclose(parzen_log_likelihood(POINTS, SAMPLES, 0.7), whole, rtol=1e-12)


def test_the_protocol_chooses_sigma_on_validation_points() -> None:
    rng = np.random.default_rng(1)
    samples, validation, test = (rng.standard_normal((n, 1)) * 0.5 for n in (400, 300, 500))
    sigmas = np.logspace(-1, 0, 10)
    means = [parzen_log_likelihood(validation, samples, s).mean() for s in sigmas]
    found = parzen_estimate(samples, validation, test)
    assert found.sigma == sigmas[int(np.argmax(means))]
    each = parzen_log_likelihood(test, samples, found.sigma)
    assert found.log_likelihood == pytest.approx(each.mean())
    assert found.standard_error == pytest.approx(each.std() / math.sqrt(500))
    entropy = -0.5 * math.log(2 * math.pi * math.e * 0.25)  # of N(0, 0.5^2), which no estimate exceeds by far
    assert found.log_likelihood == pytest.approx(entropy, abs=0.1)
    assert parzen_estimate(samples, validation, test, sigmas=[0.4]).sigma == 0.4


@pytest.mark.parametrize("sigma", [0.0, -1.0, math.nan])
def test_sigma_must_be_positive(sigma: float) -> None:
    with pytest.raises(ValueError, match="sigma must be positive"):
        parzen_log_likelihood(POINTS, SAMPLES, sigma)
