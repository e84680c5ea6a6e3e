"""Pixels, PSNR, SSIM and sharpness against values computed by hand and by scikit-image."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gans.data.mnist5k import load_mnist5k
from gans.metrics import l1, psnr, sharpness, ssim

DIGITS = load_mnist5k().test(slice(20))


def waves(h: int, w: int) -> tuple[np.ndarray, np.ndarray]:
    i, j = np.mgrid[:h, :w]
    x, y = np.sin(i / 3 + j / 5), np.clip(0.8 * np.sin(i / 3 + j / 4) + 0.1, -1, 1)
    return x[None, None], y[None, None]


def flat(value: float, side: int = 16) -> np.ndarray:
    return np.full((1, 1, side, side), value, np.float32)


def blurred(images: np.ndarray) -> np.ndarray:
    """The mean of each pixel and its neighbours in the row and in the column."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    inner = slice(1, -1)
    sides = (padded[..., inner, :-2], padded[..., inner, 2:], padded[..., :-2, inner], padded[..., 2:, inner])
    return (images + sum(sides)) / 5


@pytest.mark.parametrize(
    ("size", "similarity", "peak"),
    [((28, 28), 0.5814183911311032, 11.823829642064096), ((12, 20), 0.6649312086097581, 14.19926107218128)],
)
def test_ssim_and_psnr_are_those_of_scikit_image(
    size: tuple[int, int], similarity: float, peak: float
) -> None:
    """Of ``structural_similarity(x + 1, y + 1, data_range=2, gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False)`` and ``peak_signal_noise_ratio(x, y, data_range=2)``, version 0.25."""
    x, y = waves(*size)
    assert ssim(x, y) == pytest.approx(similarity, rel=1e-7)
    assert psnr(x, y) == pytest.approx(peak, rel=1e-7)
    assert ssim(y, x) == pytest.approx(similarity, rel=1e-7)


def test_ssim_of_flat_images_is_its_luminance_term() -> None:
    a, b = 0.25 + 1, -0.5 + 1
    c1 = 0.02**2
    expected = (2 * a * b + c1) / (a * a + b * b + c1)
    assert ssim(flat(0.25), flat(-0.5)) == pytest.approx(expected, rel=1e-9)
    assert ssim(flat(1), flat(-1)) < 1e-3


def test_ssim_of_an_image_and_its_negative_is_below_0_for_structure() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (1, 1, 20, 20)).astype(np.float32)
    assert ssim(x, -x) < -0.9
    assert ssim(x, x) == pytest.approx(1, abs=1e-12)


def test_a_window_is_as_large_as_the_image_allows() -> None:
    x, y = waves(8, 30)
    assert 0 < ssim(x, y) < 1
    assert ssim(x, x) == pytest.approx(1, abs=1e-12)


def test_many_images_are_the_mean_of_each() -> None:
    x = np.concatenate([DIGITS, flat(0, 28)] * 30)
    y = blurred(x)
    for figure in (ssim, psnr, l1):
        each = [figure(x[i : i + 1], y[i : i + 1]) for i in range(21)]
        assert figure(x, y) == pytest.approx(np.mean(each), rel=1e-6)


def test_psnr_and_l1_of_a_constant_difference() -> None:
    assert psnr(flat(0.5), flat(0.3)) == pytest.approx(10 * math.log10(4 / 0.2**2), rel=1e-6)
    assert psnr(flat(1), flat(-1)) == pytest.approx(0, abs=1e-9)
    assert psnr(DIGITS, DIGITS) == 100
    assert l1(flat(0.5), flat(0.3)) == pytest.approx(0.2, rel=1e-6)
    assert l1(flat(1), flat(-1)) == 2


def test_sharpness_is_the_energy_of_differences() -> None:
    line = np.full((1, 1, 5, 5), -1, np.float32)
    line[..., 2] = 1
    half = np.full((1, 1, 5, 5), -1, np.float32)
    half[..., 2] = 0
    assert sharpness(half, line) == pytest.approx(1 / 4)
    assert sharpness(line, line.transpose(0, 1, 3, 2)) == 1
    assert sharpness(line, flat(0, 5)) is None


def test_blur_is_less_sharp_and_noise_more() -> None:
    noisy = np.clip(DIGITS + np.random.default_rng(0).normal(0, 0.3, DIGITS.shape), -1, 1)
    once = blurred(DIGITS)
    assert sharpness(blurred(once), DIGITS) < sharpness(once, DIGITS) < 0.7
    assert sharpness(noisy, DIGITS) > 1.2


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        (np.zeros((2, 1, 8, 8)), np.zeros((3, 1, 8, 8)), "they must be equal"),
        (np.zeros((2, 8, 8)), np.zeros((2, 8, 8)), "outputs must be floats of shape"),
        (np.zeros((2, 1, 8, 8), np.uint8), np.zeros((2, 1, 8, 8)), "got uint8"),
        (np.zeros((0, 1, 8, 8)), np.zeros((0, 1, 8, 8)), "outputs must be floats of shape"),
        (np.zeros((1, 1, 8, 8)), np.full((1, 1, 8, 8), 255.0), "targets must lie in"),
        (np.full((1, 1, 8, 8), np.nan), np.zeros((1, 1, 8, 8)), "outputs must lie in"),
    ],
)
def test_images_that_cannot_be_compared_are_refused(x: np.ndarray, y: np.ndarray, said: str) -> None:
    for figure in (l1, psnr, ssim, sharpness):
        with pytest.raises(ValueError, match=said):
            figure(x, y)
