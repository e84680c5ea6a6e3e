"""Images at places between their pixels, and images that a flow moves: warping (Jaderberg et al. 2015)."""

from __future__ import annotations

import numpy as np

from minigrad import Tensor, no_grad
from minigrad.devices import to_device
from minigrad.ops import floor, maximum, minimum, pad, reshape, stack, sum


def sampled(images: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Images (n, c, h, w) in [-1, 1] at columns x and rows y, both (n, h, w): (n, c, h, w).

    A value is interpolated between the four pixels around its place, with left = floor(x) and top = floor(y):

        sum over columns j in {left, left + 1} and rows i in {top, top + 1} of
            (1 - |x - j|) (1 - |y - i|) image[i, j]

    Outside of an image all is black, -1. There is a gradient in the images and in the places; between two
    pixels the latter is their difference, and at a pixel that to the next one.

    >>> from minigrad import tensor
    >>> row, zeros = tensor([[[[-1.0, 0.0, 1.0]]]]), tensor([[[0.0, 0.0, 0.0]]])
    >>> sampled(row, tensor([[[0.5, 1.25, 3.0]]]), zeros).tolist()
    [[[[-0.5, 0.25, -1.0]]]]
    """
    n, c, h, w = images.shape
    # Places in an image with a border of one black pixel: further outside all is black, too.
    x, y = _between(x + 1, w + 1), _between(y + 1, h + 1)
    with no_grad():
        left, top = minimum(floor(x), float(w)), minimum(floor(y), float(h))
        corners = reshape((top * (w + 2) + left).astype(np.int64), (n, 1, h * w))
        starts = np.arange(n * c).reshape(n, c, 1) * ((h + 2) * (w + 2))
        others = np.array([0, 1, w + 2, w + 3]).reshape(4, 1, 1, 1)
        index = corners + Tensor(to_device(starts, images.device))
        index = index + Tensor(to_device(others, images.device))
    right, low = x - left, y - top
    shares = stack([(1 - low) * (1 - right), (1 - low) * right, low * (1 - right), low * right])
    bordered = reshape(pad(images + 1, ((0, 0), (0, 0), (1, 1), (1, 1))), (-1,))
    around = reshape(bordered[reshape(index, (-1,))], (4, n, c, h * w))
    values = sum(around * reshape(shares, (4, n, 1, h * w)), axis=0) - 1
    return reshape(values, (n, c, h, w))


def _between(x: Tensor, most: int) -> Tensor:
    """x, but at least 0 and at most ``most``."""
    return minimum(maximum(x, 0.0), float(most))


def moved(images: Tensor, flow: Tensor) -> Tensor:
    """Images (n, c, h, w) in [-1, 1] moved by a flow (n, 2, h, w) in pixels: to the right, and down.

    The flow belongs to the pixels of the result: each comes from the place that lies its flow behind.

    >>> from minigrad import tensor, zeros
    >>> one_to_the_right = zeros((1, 2, 1, 3)) + tensor([1.0, 0.0]).reshape((1, 2, 1, 1))
    >>> moved(tensor([[[[-0.5, 0.0, 1.0]]]]), one_to_the_right).tolist()
    [[[[-1.0, -0.5, 0.0]]]]
    """
    h, w = images.shape[2:]
    rows, columns = np.indices((h, w)).astype(flow.dtype)
    x, y = (Tensor(to_device(grid, images.device)) for grid in (columns, rows))
    return sampled(images, x - flow[:, 0], y - flow[:, 1])
