"""A convolution and its two derivatives, with a padding of 1: loops over the kernel's offsets.

The three are one sum, read in three ways:

    sum of g[n, o, i, j] w[o, c, p, q] x[n, c, i sh + p - 1, j sw + q - 1] over all letters

Without g it is y = ``conv(x, w)``, without x dL/dx = ``conv_transpose(g, w)``, without w dL/dw =
``conv_weight(x, g)``, where g = dL/dy. So each of the three has the other two as its derivatives.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Pair = tuple[int, int]


def conv(x: Array, w: Array, stride: Pair) -> Array:
    """x (n, c, h, w) and w (o, c, kh, kw) -> y (n, o, oh, ow)."""
    (n, _, height, width), (o, _, kh, kw), (sh, sw) = x.shape, w.shape, stride
    oh, ow = (height + 2 - kh) // sh + 1, (width + 2 - kw) // sw + 1
    padded = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])
    y = np.zeros((n, o, oh, ow))
    for p in range(kh):
        for q in range(kw):
            seen = padded[:, :, p : p + sh * oh : sh, q : q + sw * ow : sw]  # the pixels under this offset
            y += np.einsum("ncij,oc->noij", seen, w[:, :, p, q], optimize=True)
    return y


def conv_transpose(g: Array, w: Array, stride: Pair) -> Array:
    """g (n, o, oh, ow) and w (o, c, kh, kw) -> (n, c, h, w): what ``conv`` spreads out, put back."""
    (n, _, oh, ow), (_, c, kh, kw), (sh, sw) = g.shape, w.shape, stride
    padded = np.zeros((n, c, (oh - 1) * sh + kh, (ow - 1) * sw + kw))
    for p in range(kh):
        for q in range(kw):
            seen = padded[:, :, p : p + sh * oh : sh, q : q + sw * ow : sw]
            seen += np.einsum("noij,oc->ncij", g, w[:, :, p, q], optimize=True)
    return padded[:, :, 1:-1, 1:-1].copy()


def conv_weight(x: Array, g: Array, stride: Pair, kernel: Pair) -> Array:
    """x (n, c, h, w) and g (n, o, oh, ow) -> (o, c, kh, kw), for the ``kernel`` (kh, kw)."""
    (_, c, _, _), (_, o, oh, ow), (kh, kw), (sh, sw) = x.shape, g.shape, kernel, stride
    padded = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])
    gw = np.empty((o, c, kh, kw))
    for p in range(kh):
        for q in range(kw):
            seen = padded[:, :, p : p + sh * oh : sh, q : q + sw * ow : sw]
            gw[:, :, p, q] = np.einsum("noij,ncij->oc", g, seen, optimize=True)
    return gw
