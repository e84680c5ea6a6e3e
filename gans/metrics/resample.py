"""Images of another size and in grey, as Pillow's bilinear filter and its mode L make them, on floats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["grey", "resized"]

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Weights of red, green and blue in the brightness (ITU-R BT.601)."""

Floats32 = NDArray[np.float32]


def grey(images: Floats32) -> Floats32:
    """Images (n, c, h, w), c 1 or 3, as their brightness (n, 1, h, w)."""
    if images.shape[1] == 1:
        return images
    brightness: Floats32 = np.moveaxis(images, 1, -1) @ LUMA  # (n, h, w, 3) @ (3,) -> (n, h, w)
    return brightness[:, None]


def resized(images: Floats32, height: int, width: int) -> Floats32:
    """Images (n, c, h, w) as (n, c, height, width).

        y[i, j] = sum_kl a[i, k] b[j, l] x[k, l]

    The rows of a and b sum to 1. Row i of a is a triangle around the centre of output pixel i, of half the
    width max(1, h / height) pixels: neighbours are mixed where images grow, and all pixels count where they
    shrink.
    """
    rows, columns = _weights(images.shape[2], height), _weights(images.shape[3], width)
    return np.ascontiguousarray(rows @ images @ columns.T)  # (oh, h) @ (n, c, h, w) @ (w, ow)


def _weights(size: int, new: int) -> Floats32:
    """(new, size), the share of each old pixel in each new one."""
    scale = size / new
    centres = (np.arange(new) + 0.5) * scale
    distance = np.abs(np.arange(size) + 0.5 - centres[:, None]) / max(scale, 1.0)
    weights = np.maximum(1 - distance, 0)
    shares: Floats32 = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares
