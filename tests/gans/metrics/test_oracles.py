"""Figures against implementations that are not this project's: those of SciPy and of PyTorch.

Beside these, test_frechet, test_wasserstein, test_parzen, test_rank, test_stacked and test_bias have SciPy's,
test_similarity scikit-image's, and test_manifold, test_sequences and test_floors plain loops.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from gans.metrics import (
    classifier_score,
    colour_spread,
    effective_classes,
    entropy,
    flicker,
    frechet_distance,
    kernel_distance,
    l1,
    manifold_scores,
    memorised_share,
    mode_coverage,
    nearest_neighbour_error,
    nearest_training,
    psnr,
    pyramid_wasserstein,
    relative_flicker,
    sharpness,
    sliced_wasserstein,
    ssim,
)
from gans.metrics.matching import best_match


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def images(rng: np.random.Generator, n: int, side: int = 20, channels: int = 2) -> np.ndarray[Any, Any]:
    return rng.uniform(-1, 1, (n, channels, side, side)).astype(np.float32)


def test_a_frechet_distance_of_features(rng: np.random.Generator) -> None:
    linalg = pytest.importorskip("scipy.linalg")
    x, y = rng.gamma(1.0, 1.0, (300, 12)), rng.gamma(1.5, 1.0, (200, 12)) @ rng.standard_normal((12, 12))
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    means = np.sum((x.mean(0) - y.mean(0)) ** 2)
    expected = means + np.trace(a + b - 2 * linalg.sqrtm(a @ b).real)
    assert frechet_distance(x, y) == pytest.approx(expected, rel=1e-9)


def test_a_kernel_distance(rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    x, y = rng.standard_normal((150, 9)), rng.standard_normal((120, 9)) + 0.2
    a, b = torch.from_numpy(x), torch.from_numpy(y)

    def k(u: Any, v: Any) -> Any:
        return (torch.einsum("id,jd->ij", u, v) / 9 + 1).pow(3)

    within = [k(u, u).fill_diagonal_(0).sum() / (len(u) * (len(u) - 1)) for u in (a, b)]
    assert kernel_distance(x, y) == pytest.approx(float(sum(within) - 2 * k(a, b).mean()), rel=1e-10)


def test_precision_recall_density_and_coverage(rng: np.random.Generator) -> None:
    """Radii by ``torch.kthvalue`` of ``torch.cdist``; its k-th value counts the point itself."""
    torch = pytest.importorskip("torch")
    real, fake, k = rng.standard_normal((230, 6)), 0.8 * rng.standard_normal((190, 6)) + 0.3, 5
    x, y = torch.from_numpy(real), torch.from_numpy(fake)

    def distances(u: Any, v: Any) -> Any:
        return torch.cdist(u, v, compute_mode="donot_use_mm_for_euclid_dist")

    inside = distances(x, y) <= distances(x, x).kthvalue(k + 1, dim=1).values[:, None]
    around = distances(y, x) <= distances(y, y).kthvalue(k + 1, dim=1).values[:, None]
    scores = manifold_scores(real, fake, k)
    assert scores.precision == pytest.approx(float(inside.any(0).double().mean()))
    assert scores.recall == pytest.approx(float(around.any(0).double().mean()))
    assert scores.density == pytest.approx(float(inside.double().sum() / (k * len(fake))))
    assert scores.coverage == pytest.approx(float(inside.any(1).double().mean()))
    assert 0.1 < scores.recall < scores.precision < 1


def test_nearest_neighbours_and_memorisation(rng: np.random.Generator) -> None:
    spatial = pytest.importorskip("scipy.spatial")
    training, test, samples = (images(rng, n, 6, 1) for n in (90, 60, 70))
    samples[:30] = training[:30] + np.float32(0.02)
    labels, truth = rng.integers(0, 3, 70), rng.integers(0, 3, 60)
    flat = {name: x.reshape(len(x), -1) for name, x in (("s", samples), ("t", test), ("r", training))}
    _, index = spatial.cKDTree(flat["s"]).query(flat["t"])
    assert nearest_neighbour_error(samples, labels, test, truth) == np.mean(labels[index] != truth)
    near, index = spatial.cKDTree(flat["r"]).query(flat["s"])
    held_out, _ = spatial.cKDTree(flat["r"]).query(flat["t"])
    found, real = nearest_training(samples, training), nearest_training(test, training)
    np.testing.assert_array_equal(found.indices, index)
    np.testing.assert_allclose(found.distances, near, rtol=1e-6)
    share = np.mean(near < np.quantile(held_out, 0.01))
    assert memorised_share(found, real) == share == pytest.approx(30 / 70, abs=0.05)


def test_classes(rng: np.random.Generator) -> None:
    stats, special = pytest.importorskip("scipy.stats"), pytest.importorskip("scipy.special")
    labels = rng.integers(0, 7, 300)
    counts = np.bincount(labels, minlength=10)
    assert entropy(counts) == pytest.approx(stats.entropy(counts), rel=1e-12)
    assert effective_classes(labels, 10) == pytest.approx(np.exp(stats.entropy(counts)), rel=1e-12)
    p = rng.dirichlet(np.full(10, 0.3), 200)
    each = special.rel_entr(p, p.mean(axis=0)).sum(axis=1)
    assert classifier_score(p) == pytest.approx(np.exp(each.mean()), rel=1e-12)


def test_modes(rng: np.random.Generator) -> None:
    stats, spatial = pytest.importorskip("scipy.stats"), pytest.importorskip("scipy.spatial")
    modes, std = rng.uniform(-5, 5, (6, 2)), np.full(6, 0.4)
    points = modes[rng.integers(0, 5, 400)] + rng.standard_normal((400, 2)) * 0.5
    distances = spatial.distance.cdist(points, modes)
    good = distances.min(axis=1) < 3 * 0.4
    counts = np.bincount(distances.argmin(axis=1)[good], minlength=6)
    found = mode_coverage(points, modes, std)
    assert found.covered == np.count_nonzero(counts)
    assert found.high_quality == good.mean()
    assert found.reverse_kl == pytest.approx(
        stats.entropy(counts / counts.sum(), np.full(6, 1 / 6)), rel=1e-12
    )


def test_a_sliced_distance(rng: np.random.Generator) -> None:
    """Over directions of its own that are evenly around the circle, in place of random ones."""
    stats = pytest.importorskip("scipy.stats")
    x, y = rng.standard_normal((150, 2)), rng.standard_normal((200, 2)) * [2.0, 0.5] + 1
    angles = np.arange(720) * np.pi / 720
    axes = np.stack([np.cos(angles), np.sin(angles)])
    expected = np.mean([stats.wasserstein_distance(x @ axis, y @ axis) for axis in axes.T])
    assert sliced_wasserstein(x, y, directions=4_000) == pytest.approx(expected, rel=0.02)
    own = np.random.default_rng(3).standard_normal((2, 8))
    own /= np.linalg.norm(own, axis=0)
    few = np.mean([stats.wasserstein_distance(x @ axis, y @ axis) for axis in own.T])
    assert sliced_wasserstein(x, y, directions=8, seed=3) == pytest.approx(few, rel=1e-12)


def test_a_distance_of_patches_at_each_scale(rng: np.random.Generator) -> None:
    """The pyramid by SciPy's filters, and each patch cut out by itself."""
    ndimage = pytest.importorskip("scipy.ndimage")
    x, y = images(rng, 6, 28, 1).cumsum(axis=3), images(rng, 6, 28, 1)
    taps = np.array([1, 4, 6, 4, 1]) / 16

    def blurred(image: np.ndarray) -> np.ndarray:
        return ndimage.correlate1d(
            ndimage.correlate1d(image, taps, axis=0, mode="mirror"), taps, axis=1, mode="mirror"
        )

    def scales(image: np.ndarray) -> list[np.ndarray]:
        small = blurred(image)[::2, ::2]
        smallest = blurred(small)[::2, ::2]
        larger, largest = (blurred(np.kron(one, np.ones((2, 2)))) for one in (smallest, small))
        return [image - largest, small - larger, smallest]

    def patches(at: list[np.ndarray]) -> np.ndarray:
        draws = np.random.default_rng(0)
        side = at[0].shape[0]
        rows, columns = (draws.integers(0, side - 6, (16, len(at))) for _ in range(2))
        cut = np.array(
            [
                at[i][r : r + 7, c : c + 7].ravel()
                for down, across in zip(rows, columns, strict=True)
                for i, (r, c) in enumerate(zip(down, across, strict=True))
            ]
        )
        return (cut - cut.mean()) / cut.std()

    a, b = ([scales(image[0].astype(np.float64)) for image in images] for images in (x, y))
    # the smallest image has 7 pixels a side, and so is one patch
    expected = np.mean(
        [sliced_wasserstein(patches([s[i] for s in a]), patches([s[i] for s in b])) for i in range(3)]
    )
    assert pyramid_wasserstein(x, y) == pytest.approx(expected, rel=1e-4)


def test_pixels_and_structure(rng: np.random.Generator) -> None:
    """SSIM with PyTorch's convolution of a Gaussian window, an image and a channel at a time."""
    torch = pytest.importorskip("torch")
    x = images(rng, 5)
    y = np.clip(0.6 * x + 0.4 * images(rng, 5), -1, 1).astype(np.float32)
    a, b = (torch.from_numpy(v.astype(np.float64)) for v in (x, y))
    assert l1(x, y) == pytest.approx(float(torch.nn.functional.l1_loss(a, b)), rel=1e-6)
    errors = (a - b).pow(2).mean(dim=(1, 2, 3))
    assert psnr(x, y) == pytest.approx(float((10 * torch.log10(4 / errors)).mean()), rel=1e-6)
    energies = [sum(v.diff(dim=dim).pow(2).sum() for dim in (2, 3)) for v in (a, b)]
    assert sharpness(x, y) == pytest.approx(float(energies[0] / energies[1]), rel=1e-6)
    line = torch.exp(-((torch.arange(11, dtype=torch.float64) - 5) ** 2) / (2 * 1.5**2))
    window = torch.outer(line, line)
    window = (window / window.sum())[None, None]

    def mean(v: Any) -> Any:
        return torch.nn.functional.conv2d(v.reshape(-1, 1, 20, 20), window)

    u, v = a + 1, b + 1
    mu, mv = mean(u), mean(v)
    var_u, var_v, cov = mean(u * u) - mu**2, mean(v * v) - mv**2, mean(u * v) - mu * mv
    c1, c2 = 0.02**2, 0.06**2
    similarity = (2 * mu * mv + c1) * (2 * cov + c2) / ((mu**2 + mv**2 + c1) * (var_u + var_v + c2))
    assert ssim(x, y) == pytest.approx(float(similarity.mean()), rel=1e-6)


def test_flicker(rng: np.random.Generator) -> None:
    """One object at a time; about half of them have fewer than 16 pixels."""
    clips, objects = rng.uniform(-1, 1, (5, 4, 3, 7, 7)), rng.integers(0, 3, (5, 4, 7, 7))

    def colour(i: int, t: int, number: int) -> Any:
        own = objects[i, t] == number
        return clips[i, t][:, own].mean(axis=1) if own.sum() >= 16 else None

    colours = [[[colour(i, t, m) for t in range(4)] for m in (1, 2)] for i in range(5)]
    steps = [
        abs(after - before).mean()
        for both in colours
        for times in both
        for before, after in pairwise(times)
        if before is not None and after is not None
    ]
    every = [x for both in colours for times in both for x in times if x is not None]
    assert 5 < len(steps) < 30
    assert flicker(clips, objects) == pytest.approx(np.mean(steps), rel=1e-12)
    spread = np.std(every, axis=0).mean()
    assert colour_spread(clips, objects) == pytest.approx(spread, rel=1e-12)
    assert relative_flicker(clips, objects) == pytest.approx(np.mean(steps) / spread, rel=1e-12)


@pytest.mark.parametrize("shape", [(6, 6), (4, 7), (7, 4)])
def test_the_best_match(shape: tuple[int, int], rng: np.random.Generator) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    counts = rng.integers(0, 50, shape)
    rows, columns = optimize.linear_sum_assignment(counts, maximize=True)
    match = best_match(counts)
    assert sum(counts[i, j] for i, j in enumerate(match) if j >= 0) == counts[rows, columns].sum()
