"""How close images are to their targets: pixels, PSNR, SSIM and sharpness."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gans.metrics.checks import Float64Array

__all__ = ["BEST_PSNR", "image_batch", "image_pair", "l1", "psnr", "sharpness", "ssim"]

RANGE = 2.0
"""From black, -1, to white, 1."""

BEST_PSNR = 100.0
"""In place of the infinite value of an exact copy."""

WINDOW, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03

_BLOCK_IMAGES = 500


def l1(outputs: ArrayLike, targets: ArrayLike) -> float:
    """Mean absolute difference of pixels in [-1, 1]; outputs and targets (n, c, h, w); from 0 to 2."""
    x, y = image_pair(outputs, targets)
    return float(np.abs(x - y).mean(dtype=np.float64))


def psnr(outputs: ArrayLike, targets: ArrayLike) -> float:
    """Mean over images of the peak signal-to-noise ratio in dB, 10 log10(2^2 / MSE); pixels in [-1, 1].

    outputs and targets (n, c, h, w). An image counts 100 at most, since an exact copy has no finite value.
    """
    x, y = image_pair(outputs, targets)
    errors = np.square(x - y).mean(axis=(1, 2, 3), dtype=np.float64)
    least = RANGE**2 * 10 ** (-BEST_PSNR / 10)
    return float(np.mean(10 * np.log10(RANGE**2 / np.maximum(errors, least))))


def ssim(outputs: ArrayLike, targets: ArrayLike) -> float:
    """Mean structural similarity of images (n, c, h, w) in [-1, 1]; from -1 to 1, and 1 for equal images.

        SSIM = (2 m_x m_y + C1) (2 s_xy + C2) / ((m_x^2 + m_y^2 + C1) (s_x^2 + s_y^2 + C2))

    m, s^2 and s_xy are means, variances and covariances of pixels from 0 to 2 within a Gaussian window of
    11 x 11 pixels with standard deviation 1.5, at every place within the image; C1 = (0.01 * 2)^2,
    C2 = (0.03 * 2)^2. A channel counts as an image. If a side is shorter than 11, the window is as large as
    fits. Wang et al. 2004, equations 13 to 17.
    """
    x, y = image_pair(outputs, targets)
    down, across = (_windows(size, min(WINDOW, *x.shape[2:])) for size in x.shape[2:])

    def local(values: Float64Array) -> Float64Array:
        means: Float64Array = np.matmul(np.matmul(down, values), across.T)  # (v, h) @ (n, c, h, w) @ (w, u)
        return means

    total = 0.0
    c1, c2 = (K1 * RANGE) ** 2, (K2 * RANGE) ** 2
    for a, b in _blocks(x, y):
        a += 1  # the formula is for luminance, which is never negative
        b += 1
        mean_a, mean_b = local(a), local(b)
        variances = local(a * a) + local(b * b) - mean_a**2 - mean_b**2
        covariance = local(a * b) - mean_a * mean_b
        similarity = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
        similarity /= (mean_a**2 + mean_b**2 + c1) * (variances + c2)
        total += float(similarity.mean(axis=(1, 2, 3)).sum())
    return total / len(x)


def sharpness(outputs: ArrayLike, targets: ArrayLike) -> float | None:
    """Energy of the differences between neighbouring pixels, of outputs relative to targets; 1 for targets.

        sum (x[i, j + 1] - x[i, j])^2 + (x[i + 1, j] - x[i, j])^2 of outputs / the same of targets

    outputs and targets (n, c, h, w). Blur lowers it, noise raises it; whether edges are at the right places
    it does not say. None if the targets have no differences.
    """
    x, y = image_pair(outputs, targets)
    made, real = (sum(map(_energy, images)) for images in zip(*_blocks(x, y), strict=True))
    return made / real if real > 0 else None


def image_pair(outputs: ArrayLike, targets: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both as float32 images (n, c, h, w) of the same shape, in [-1, 1]; ValueError otherwise."""
    x, y = image_batch(outputs, "outputs"), image_batch(targets, "targets")
    if x.shape != y.shape:
        raise ValueError(f"outputs of shape {x.shape}, but targets of shape {y.shape}; they must be equal")
    return x, y


def image_batch(images: ArrayLike, name: str) -> NDArray[np.float32]:
    """``images`` as float32 (n, c, h, w) in [-1, 1]; ValueError, with their ``name``, otherwise."""
    array = np.asarray(images)
    if array.ndim != 4 or array.size == 0 or not np.issubdtype(array.dtype, np.floating):
        raise ValueError(
            f"{name} must be floats of shape (n, c, h, w), got {array.dtype} of shape {array.shape}"
        )
    low, high = float(array.min()), float(array.max())
    if not (low >= -1.001 and high <= 1.001):  # also false for NaN
        raise ValueError(f"{name} must lie in [-1, 1] and be finite, got values from {low} to {high}")
    return array.astype(np.float32, copy=False)


def _blocks(x: NDArray[np.float32], y: NDArray[np.float32]) -> Iterator[tuple[Float64Array, Float64Array]]:
    for start in range(0, len(x), _BLOCK_IMAGES):
        rows = slice(start, start + _BLOCK_IMAGES)
        yield x[rows].astype(np.float64), y[rows].astype(np.float64)


def _windows(size: int, window: int) -> Float64Array:
    """The matrix (size - window + 1, size) of Gaussian means over ``window`` values, an odd number."""
    window -= window % 2 == 0
    distances = np.arange(window) - window // 2
    weights = np.exp(-(distances**2) / (2 * SIGMA**2))
    places = np.arange(size - window + 1)[:, None]
    matrix = np.zeros((len(places), size))
    matrix[places, places + np.arange(window)] = weights / weights.sum()
    return matrix


def _energy(images: Float64Array) -> float:
    return float(sum(np.square(np.diff(images, axis=axis)).sum() for axis in (2, 3)))
