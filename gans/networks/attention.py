"""Self-attention: a pixel of a map is a mean over all pixels, weighted by likeness (Zhang et al. 2019)."""

from __future__ import annotations

import numpy as np

from minigrad import Tensor, nn
from minigrad.ops import matmul, max_pool2d, reshape, softmax, swapaxes


class SelfAttention(nn.Module):
    """x + gain o, with o from the values of all pixels (Zhang et al. 2019, equations 1 to 4).

    For x (n, c, h, w): queries and keys have c / 8 channels, values c / 2; keys and values are pooled 2 x 2,
    as in the authors' code. ``gain`` is learnt and starts at 0, so that the layer starts as the identity.

    >>> from minigrad import ones
    >>> SelfAttention(8)(ones((2, 8, 6, 6))).shape
    (2, 8, 6, 6)
    """

    def __init__(self, maps: int) -> None:
        keys, values = max(maps // 8, 1), max(maps // 2, 1)
        self.query = nn.Conv2d(maps, keys, 1, bias=False)
        self.key = nn.Conv2d(maps, keys, 1, bias=False)
        self.value = nn.Conv2d(maps, values, 1, bias=False)
        self.output = nn.Conv2d(values, maps, 1, bias=False)
        self.gain = nn.Parameter(np.zeros((), np.float32))

    def forward(self, x: Tensor) -> Tensor:
        n, _, h, w = x.shape
        query = reshape(self.query(x), (n, -1, h * w))
        key, value = (
            reshape(max_pool2d(made, 2), (n, made.shape[1], -1)) for made in (self.key(x), self.value(x))
        )
        weights = softmax(matmul(swapaxes(query, 1, 2), key), axis=2)  # (n, pixels, pooled pixels)
        mixed = reshape(matmul(value, swapaxes(weights, 1, 2)), (n, -1, h, w))
        return x + self.gain * self.output(mixed)
