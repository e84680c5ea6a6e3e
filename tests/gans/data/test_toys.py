from __future__ import annotations

import math

import numpy as np
import pytest

from gans.data import NAMES, ToyData, load
from gans.data.toys import TOYS, swiss_roll

MIXTURES = [name for name in TOYS if name != "swiss-roll"]


def toy(name: str) -> ToyData:
    data = load(name)
    assert isinstance(data, ToyData)
    return data


@pytest.mark.parametrize("name", TOYS)
def test_samples_are_float32_points_that_the_generator_alone_decides(name: str) -> None:
    data = toy(name)
    points = data.sample(1000, np.random.default_rng(1))
    assert (points.dtype, points.shape) == (np.float32, (1000, *data.shape))
    np.testing.assert_array_equal(points, data.sample(1000, np.random.default_rng(1)))
    assert not np.array_equal(points, data.sample(1000, np.random.default_rng(2)))
    assert data.sample(0, np.random.default_rng(1)).shape == (0, *data.shape)
    assert (data.name, data.name in NAMES) == (name, True)


@pytest.mark.parametrize("name", [name for name in MIXTURES if name != "mixture-madgan"])  # its modes overlap
def test_every_mode_has_its_share_centre_and_spread(name: str) -> None:
    data, n = toy(name), 50_000
    assert data.modes is not None
    assert data.stds is not None
    points = data.sample(n, np.random.default_rng(0)).astype(np.float64)
    k, d = data.modes.shape
    nearest = ((points[:, None] - data.modes[None]) ** 2).sum(axis=2).argmin(axis=1)
    for mode in range(k):
        near = points[nearest == mode]
        assert len(near) == pytest.approx(n / k, abs=6 * math.sqrt(n / k))
        error = 6 * data.stds[mode] / math.sqrt(len(near))
        np.testing.assert_allclose(near.mean(axis=0), data.modes[mode], atol=error)
        assert math.sqrt(near.var(axis=0).mean()) == pytest.approx(data.stds[mode], abs=error)
    assert data.std == data.stds.max()
    assert data.shape == (d,)


@pytest.mark.parametrize("name", ["gaussian", "mixture", "mixture-madgan"])
def test_samples_on_the_line_follow_the_exact_distribution(name: str) -> None:
    data, n = toy(name), 50_000
    x = np.sort(data.sample(n, np.random.default_rng(0)).ravel().astype(np.float64))
    below = np.zeros(n)
    for mode, std in zip(data.modes.ravel(), data.stds, strict=True):
        below += [(1 + math.erf((point - mode) / (std * math.sqrt(2)))) / 2 for point in x]
    distance = np.abs(below / len(data.modes) - (np.arange(n) + 0.5) / n).max()
    assert distance < 2.2 / math.sqrt(n)  # Kolmogorov's 99.99% quantile


def test_the_published_parameters() -> None:
    """PacGAN (Lin 2018), WGAN-GP's toy code (Gulrajani 2017), MAD-GAN (Ghosh 2018)."""
    assert toy("ring").std == 0.01
    assert toy("grid").std == 0.05
    np.testing.assert_allclose(np.hypot(*toy("ring").modes.T), 1)
    assert {tuple(mode) for mode in toy("grid").modes} == {
        (x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)
    }
    assert toy("ring-gulrajani").std == pytest.approx(0.02 / 1.414)
    np.testing.assert_allclose(np.hypot(*toy("ring-gulrajani").modes.T), 2 / 1.414)
    assert toy("grid-gulrajani").std == pytest.approx(0.05 / 2.828)
    np.testing.assert_allclose(toy("grid-gulrajani").modes, toy("grid").modes / 2.828)
    assert toy("mixture-madgan").modes.ravel().tolist() == [10, 20, 60, 80, 110]
    assert toy("mixture-madgan").stds.tolist() == [3, 3, 2, 2, 1]
    assert (toy("gaussian").modes.tolist(), toy("gaussian").std) == ([[4.0]], 0.5)


@pytest.mark.parametrize("name", ["ring", "ring-gulrajani"])
def test_the_ring_has_eight_distinct_centres_evenly_spaced(name: str) -> None:
    modes = toy(name).modes
    assert len(np.unique(modes.round(9), axis=0)) == 8
    angles = np.unwrap(np.arctan2(modes[:, 1], modes[:, 0]))
    np.testing.assert_allclose(np.diff(angles), 2 * np.pi / 8)


def test_modes_cannot_be_changed_by_accident() -> None:
    with pytest.raises(ValueError, match="read-only"):
        toy("ring").modes[0] = 5


def test_the_swiss_roll_lies_on_its_spiral() -> None:
    data = toy("swiss-roll")
    assert (data.modes, data.stds) == (None, None)
    points = swiss_roll(noise=0).sample(2000, np.random.default_rng(0)).astype(np.float64) * 7.5
    t = np.hypot(points[:, 0], points[:, 1])
    np.testing.assert_allclose(points, np.stack([t * np.cos(t), t * np.sin(t)], axis=1), atol=1e-4)
    assert (t.min(), t.max()) == (pytest.approx(1.5 * np.pi, abs=0.1), pytest.approx(4.5 * np.pi, abs=0.1))
    noise = data.sample(2000, np.random.default_rng(0)).astype(np.float64) - points / 7.5
    assert noise.std() == pytest.approx(0.25 / 7.5, rel=0.05)
    with pytest.raises(ValueError, match="swiss-roll is not a mixture"):
        data.log_density(points)


@pytest.mark.parametrize("name", MIXTURES)
def test_the_density_integrates_to_one(name: str) -> None:
    data = toy(name)
    margin = 8 * data.std
    if data.shape == (1,):
        x = np.linspace(data.modes.min() - margin, data.modes.max() + margin, 20_001)
        assert np.exp(data.log_density(x[:, None])).sum() * (x[1] - x[0]) == pytest.approx(1, abs=1e-6)
        return
    mode = data.modes[3]  # one mode is a k-th of the whole
    x = np.linspace(-margin, margin, 401)
    square = np.stack(np.meshgrid(x + mode[0], x + mode[1]), axis=-1).reshape(-1, 2)
    mass = np.exp(data.log_density(square)).sum() * (x[1] - x[0]) ** 2
    assert mass == pytest.approx(1 / len(data.modes), rel=1e-6)


def test_the_density_is_finite_far_away_and_checks_shapes() -> None:
    assert np.isfinite(toy("ring").log_density([[1e3, -1e3]])).all()
    with pytest.raises(ValueError, match=r"points of shape \(n, 2\) needed, got \(3, 1\)"):
        toy("ring").log_density(np.zeros((3, 1)))
