"""Both steps of a GAN by hand: fully connected networks (Goodfellow et al. 2014, algorithm 1).

``g_a`` is dL/da, the derivative of the step's loss L in ``a``: it has the shape of ``a``, and its entries say
how L changes with each entry of ``a``. A backward function has a line for each line of its forward function,
in reverse order. The comment beside a line is its chain rule, where ``'`` transposes a matrix. Three rules do
all the work:

    a = h w' + b    gives    dL/dh = dL/da w,    dL/dw = (dL/da)' h,    dL/db = sum of dL/da over the batch
    h = f(a)        gives    dL/da = dL/dh f'(a), entry by entry
    L = L1 + L2     gives    dL/dw = dL1/dw + dL2/dw

An image is a row of its pixels. ``G`` and ``D`` are lists of (w, b), a pair for each linear layer, with w
(outputs, inputs) and b (outputs,). The batch and all widths are free; n is the number of images.
"""

# The chain rule has a column of its own.
# fmt: off

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Layers = Sequence[tuple[Array, Array]]

SLOPE = 0.2
"""Of the leaky ReLU below 0 (Maas et al. 2013)."""


def leaky(a: Array) -> Array:
    """The leaky ReLU: a where a > 0, else 0.2 a."""
    return np.where(a > 0, a, SLOPE * a)


def leaky_slope(a: Array) -> Array:
    """Its derivative: 1 where a > 0, else 0.2."""
    return np.where(a > 0, 1.0, SLOPE)


def sigmoid(s: Array) -> Array:
    """1 / (1 + e^-s): the probability D that a sample is real, of its logit s."""
    return np.exp(-softplus(-s))


def softplus(s: Array) -> Array:
    """log(1 + e^s), without overflow. Its derivative is sigmoid(s)."""
    return np.maximum(s, 0) + np.log1p(np.exp(-np.abs(s)))


# -- G: z -> x -----------------------------------------------------------------------------------------------


def forward_g(z: Array, G: Layers) -> tuple[Array, list[Array]]:
    """Noise z (n, latent) -> images x (n, pixels), and the values that ``backward_g`` needs."""
    (w1, b1), (w2, b2), (w3, b3), (w4, b4) = G
    a1 = z @ w1.T + b1                       # a1 = z w1' + b1        (n, latent) @ (latent, 256) -> (n, 256)
    h1 = leaky(a1)                           # h1 = leaky(a1)                                        (n, 256)
    a2 = h1 @ w2.T + b2                      # a2 = h1 w2' + b2                                      (n, 512)
    h2 = leaky(a2)                           # h2 = leaky(a2)                                        (n, 512)
    a3 = h2 @ w3.T + b3                      # a3 = h2 w3' + b3                                     (n, 1024)
    h3 = leaky(a3)                           # h3 = leaky(a3)                                       (n, 1024)
    a4 = h3 @ w4.T + b4                      # a4 = h3 w4' + b4                                   (n, pixels)
    x = np.tanh(a4)                          # x = tanh(a4), from -1 to 1                         (n, pixels)
    return x, [z, a1, h1, a2, h2, a3, h3, x]


def backward_g(g_x: Array, kept: list[Array], G: Layers) -> tuple[Array, list[tuple[Array, Array]]]:
    """dL/dx (n, pixels) -> dL/dz (n, latent), and (dL/dw, dL/db) of each layer of G."""
    (w1, _), (w2, _), (w3, _), (w4, _) = G
    z, a1, h1, a2, h2, a3, h3, x = kept
    g_a4 = g_x * (1 - x * x)                 # dL/da4 = dL/dx (1 - x^2), since tanh' = 1 - tanh^2
    g_w4 = g_a4.T @ h3                       # dL/dw4 = (dL/da4)' h3    (pixels, n) @ (n, 1024) -> as w4
    g_b4 = g_a4.sum(axis=0)                  # dL/db4 = sum over the batch of dL/da4
    g_h3 = g_a4 @ w4                         # dL/dh3 = dL/da4 w4       (n, pixels) @ (pixels, 1024)
    g_a3 = g_h3 * leaky_slope(a3)            # dL/da3 = dL/dh3 leaky'(a3)
    g_w3 = g_a3.T @ h2                       # dL/dw3 = (dL/da3)' h2
    g_b3 = g_a3.sum(axis=0)                  # dL/db3 = sum over the batch of dL/da3
    g_h2 = g_a3 @ w3                         # dL/dh2 = dL/da3 w3
    g_a2 = g_h2 * leaky_slope(a2)            # dL/da2 = dL/dh2 leaky'(a2)
    g_w2 = g_a2.T @ h1                       # dL/dw2 = (dL/da2)' h1
    g_b2 = g_a2.sum(axis=0)                  # dL/db2 = sum over the batch of dL/da2
    g_h1 = g_a2 @ w2                         # dL/dh1 = dL/da2 w2
    g_a1 = g_h1 * leaky_slope(a1)            # dL/da1 = dL/dh1 leaky'(a1)
    g_w1 = g_a1.T @ z                        # dL/dw1 = (dL/da1)' z
    g_b1 = g_a1.sum(axis=0)                  # dL/db1 = sum over the batch of dL/da1
    g_z = g_a1 @ w1                          # dL/dz = dL/da1 w1
    return g_z, [(g_w1, g_b1), (g_w2, g_b2), (g_w3, g_b3), (g_w4, g_b4)]


# -- D: x -> s -----------------------------------------------------------------------------------------------


def forward_d(x: Array, D: Layers) -> tuple[Array, list[Array]]:
    """Images x (n, pixels) -> logits s (n, 1), and the values that ``backward_d`` needs."""
    (w1, b1), (w2, b2), (w3, b3) = D
    a1 = x @ w1.T + b1                       # a1 = x w1' + b1        (n, pixels) @ (pixels, 512) -> (n, 512)
    h1 = leaky(a1)                           # h1 = leaky(a1)                                        (n, 512)
    a2 = h1 @ w2.T + b2                      # a2 = h1 w2' + b2                                      (n, 256)
    h2 = leaky(a2)                           # h2 = leaky(a2)                                        (n, 256)
    s = h2 @ w3.T + b3                       # s = h2 w3' + b3: above 0, the image looks real          (n, 1)
    return s, [x, a1, h1, a2, h2]


def backward_d(g_s: Array, kept: list[Array], D: Layers) -> tuple[Array, list[tuple[Array, Array]]]:
    """dL/ds (n, 1) -> dL/dx (n, pixels), and (dL/dw, dL/db) of each layer of D."""
    (w1, _), (w2, _), (w3, _) = D
    x, a1, h1, a2, h2 = kept
    g_w3 = g_s.T @ h2                        # dL/dw3 = (dL/ds)' h2             (1, n) @ (n, 256) -> as w3
    g_b3 = g_s.sum(axis=0)                   # dL/db3 = sum over the batch of dL/ds
    g_h2 = g_s @ w3                          # dL/dh2 = dL/ds w3                (n, 1) @ (1, 256)
    g_a2 = g_h2 * leaky_slope(a2)            # dL/da2 = dL/dh2 leaky'(a2)
    g_w2 = g_a2.T @ h1                       # dL/dw2 = (dL/da2)' h1
    g_b2 = g_a2.sum(axis=0)                  # dL/db2 = sum over the batch of dL/da2
    g_h1 = g_a2 @ w2                         # dL/dh1 = dL/da2 w2
    g_a1 = g_h1 * leaky_slope(a1)            # dL/da1 = dL/dh1 leaky'(a1)
    g_w1 = g_a1.T @ x                        # dL/dw1 = (dL/da1)' x
    g_b1 = g_a1.sum(axis=0)                  # dL/db1 = sum over the batch of dL/da1
    g_x = g_a1 @ w1                          # dL/dx = dL/da1 w1: how each pixel changes the loss
    return g_x, [(g_w1, g_b1), (g_w2, g_b2), (g_w3, g_b3)]


# -- the two steps -------------------------------------------------------------------------------------------


def step_d(real: Array, z: Array, G: Layers, D: Layers) -> dict[str, Any]:
    """D's step on images ``real`` and on those of ``z``: the loss and its gradient in each weight of D."""
    fake, _ = forward_g(z, G)                # a constant here: D's loss is not differentiated in G's weights
    s_real, at_real = forward_d(real, D)
    s_fake, at_fake = forward_d(fake, D)
    loss_real = softplus(-s_real).mean()     # -mean log D(x), since -log sigmoid(s) = softplus(-s)
    loss_fake = softplus(s_fake).mean()      # -mean log(1 - D(G(z)))
    loss = loss_real + loss_fake             # L = -mean log D(x) - mean log(1 - D(G(z)))
    g_s_real = -sigmoid(-s_real) / len(s_real)  # dL/ds = -(1 - D(x)) / n: real logits should rise
    g_s_fake = sigmoid(s_fake) / len(s_fake)   # dL/ds = D(G(z)) / n: those of fakes should fall
    _, by_real = backward_d(g_s_real, at_real, D)
    _, by_fake = backward_d(g_s_fake, at_fake, D)
    g_D = [(g_w + h_w, g_b + h_b) for (g_w, g_b), (h_w, h_b) in zip(by_real, by_fake, strict=True)]
    parts = {"real": by_real, "fake": by_fake}
    return {"loss": loss, "fake": fake, "s_real": s_real, "s_fake": s_fake, "D": g_D, "parts": parts}


def step_g(z: Array, G: Layers, D: Layers) -> dict[str, Any]:
    """G's step: the loss and its gradient in each weight of G, at the fake images and at z.

    D stands between the loss and G: ``g_fake``, what arrives at the images through D's weights, is all that
    G learns from. D's own gradients are thrown away, since D does not move in this step.
    """
    fake, at_z = forward_g(z, G)
    s_fake, at_fake = forward_d(fake, D)
    loss = softplus(-s_fake).mean()          # L = -mean log D(G(z)): small if D is fooled
    g_s = -sigmoid(-s_fake) / len(s_fake)    # dL/ds = -(1 - D(G(z))) / n: steep if it is not
    g_fake, _ = backward_d(g_s, at_fake, D)
    g_z, g_G = backward_g(g_fake, at_z, G)
    return {"loss": loss, "fake": fake, "s_fake": s_fake, "G": g_G, "g_fake": g_fake, "g_z": g_z}
