"""Both steps of DCGAN by hand: convolutions and batch norm (Radford et al. 2015).

``g_a`` is dL/da, the derivative of the step's loss L in ``a``, of the same shape. The comment beside a line
is its chain rule. ``gan.py`` has the rules of linear layers; here are two more. y = conv(x, w) is linear in x
and in w, and its derivatives are the other two functions of ``convolution.py``. Batch norm's mean and
variance depend on all images of the batch, so dL/da has three paths: straight, through the mean, through the
variance.

A network is a list of its layers, each a tuple of its arrays, and an image (c, h, w) becomes smaller in D and
larger in G, stage by stage:

    G    (w, scale, shift) of z's linear layer, (w, scale, shift) of each transposed convolution,
         (w, b) of the last convolution
    D    (w, b) of the first convolution, (w, scale, shift) of each other one, (w, b) of the linear layer

``strides`` has the stride (vertical, horizontal) of each of D's convolutions; G's are the same in reverse.
``size`` is (h, w) of the smallest maps. The batch n, the image and the numbers of maps are free.
"""

# The chain rule has a column of its own.
# fmt: off

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.study.by_hand.convolution import Pair, conv, conv_transpose, conv_weight

Array = NDArray[np.float64]
Layers = Sequence[tuple[Array, ...]]
Gradients = list[tuple[Array, ...]]
Strides = Sequence[Pair]

SLOPE = 0.2
"""Of D's leaky ReLU below 0."""

EPS = 1e-5
"""Batch norm's, beside the variance (Ioffe and Szegedy 2015)."""

MAP = (0, 2, 3)
"""The axes of a map's numbers in (n, c, h, w): batch norm has a mean and a variance for each c."""

ONE = (1, 1)
"""The stride of G's last convolution, which keeps the size."""


def softplus(s: Array) -> Array:
    """log(1 + e^s), without overflow. Its derivative is sigmoid(s)."""
    return np.maximum(s, 0) + np.log1p(np.exp(-np.abs(s)))


def sigmoid(s: Array) -> Array:
    """1 / (1 + e^-s): the probability D that an image is real, of its logit s."""
    return np.exp(-softplus(-s))


def batch_norm(a: Array, scale: Array, shift: Array) -> tuple[Array, Array, Array]:
    """y = scale xhat + shift, where xhat has mean 0 and variance 1 in each map; xhat and 1 / std."""
    mean = a.mean(axis=MAP, keepdims=True)            # mean = sum of a / N   (1, c, 1, 1)
    var = ((a - mean) ** 2).mean(axis=MAP, keepdims=True)  # var = sum of (a - mean)^2 / N
    inv_std = 1 / np.sqrt(var + EPS)                  # 1 / std = (var + eps)^(-1/2)
    xhat = (a - mean) * inv_std                       # xhat = (a - mean) / std
    y = scale[:, None, None] * xhat + shift[:, None, None]  # y = scale xhat + shift
    return y, xhat, inv_std


def batch_norm_back(g_y: Array, xhat: Array, inv_std: Array, scale: Array) -> tuple[Array, Array, Array]:
    """dL/dy -> dL/da, dL/dscale and dL/dshift."""
    g_scale = (g_y * xhat).sum(axis=MAP)              # dL/dscale = sum over a map of dL/dy xhat
    g_shift = g_y.sum(axis=MAP)                       # dL/dshift = sum over a map of dL/dy
    g_xhat = g_y * scale[:, None, None]               # dL/dxhat = dL/dy scale
    g_by_mean = -g_xhat.mean(axis=MAP, keepdims=True)   # through the mean: -mean(dL/dxhat)
    g_by_var = -xhat * (g_xhat * xhat).mean(axis=MAP, keepdims=True)  # through var: -xhat mean(dL/dxhat xhat)
    g_a = inv_std * (g_xhat + g_by_mean + g_by_var)   # dL/da = 1/std times the sum of all three paths
    return g_a, g_scale, g_shift


# -- G: z -> x -----------------------------------------------------------------------------------------------


def forward_g(z: Array, G: Layers, size: Pair, strides: Strides) -> tuple[Array, list[Any]]:
    """Noise z (n, latent) -> images x (n, c, h, w), and the values that ``backward_g`` needs."""
    (w, scale, shift), *stages, (w_last, b_last) = G
    a = (z @ w.T).reshape(len(z), len(scale), *size)  # a = z w', as maps    (n, c, h, w)
    y, xhat, inv_std = batch_norm(a, scale, shift)
    h = np.maximum(y, 0)                              # h = relu(y)
    kept: list[Any] = [(z, y, xhat, inv_std)]
    for k, (w, scale, shift) in enumerate(stages):
        a = conv_transpose(h, w, strides[-1 - k])     # a = conv_transpose(h, w): twice as long, half the maps
        y, xhat, inv_std = batch_norm(a, scale, shift)
        kept.append((h, y, xhat, inv_std))
        h = np.maximum(y, 0)                          # h = relu(y)
    a = conv(h, w_last, ONE) + b_last[:, None, None]  # a = conv(h, w) + b
    x = np.tanh(a)                                    # x = tanh(a), from -1 to 1
    return x, [*kept, (h, x)]


def backward_g(g_x: Array, kept: list[Any], G: Layers, strides: Strides) -> tuple[Array, Gradients]:
    """dL/dx (n, c, h, w) -> dL/dz (n, latent), and the gradients of each layer of G."""
    (w0, scale0, _), *stages, (w_last, _) = G
    h, x = kept[-1]
    g_a = g_x * (1 - x * x)                           # dL/da = dL/dx (1 - x^2), since tanh' = 1 - tanh^2
    g_w = conv_weight(h, g_a, ONE, w_last.shape[2:])  # dL/dw = conv_weight(h, dL/da)
    g_b = g_a.sum(axis=MAP)                           # dL/db = sum over a map of dL/da
    g_h = conv_transpose(g_a, w_last, ONE)            # dL/dh = conv_transpose(dL/da, w)
    g_G: Gradients = [(g_w, g_b)]
    for k in reversed(range(len(stages))):
        (w, scale, _), (h, y, xhat, inv_std) = stages[k], kept[k + 1]
        g_y = g_h * (y > 0)                           # dL/dy = dL/dh relu'(y)
        g_a, g_scale, g_shift = batch_norm_back(g_y, xhat, inv_std, scale)
        g_w = conv_weight(g_a, h, strides[-1 - k], w.shape[2:])  # dL/dw = conv_weight(dL/da, h)
        g_h = conv(g_a, w, strides[-1 - k])           # dL/dh = conv(dL/da, w)
        g_G = [(g_w, g_scale, g_shift), *g_G]
    z, y, xhat, inv_std = kept[0]
    g_y = g_h * (y > 0)                               # dL/dy = dL/dh relu'(y)
    g_a, g_scale, g_shift = batch_norm_back(g_y, xhat, inv_std, scale0)
    g_rows = g_a.reshape(len(z), -1)                  # dL/da, the maps of an image as a row
    g_w = g_rows.T @ z                                # dL/dw = (dL/da)' z
    g_z = g_rows @ w0                                 # dL/dz = dL/da w
    return g_z, [(g_w, g_scale, g_shift), *g_G]


# -- D: x -> s -----------------------------------------------------------------------------------------------


def forward_d(x: Array, D: Layers, strides: Strides) -> tuple[Array, list[Any]]:
    """Images x (n, c, h, w) -> logits s (n, 1), and the values that ``backward_d`` needs."""
    (w, b), *stages, (w_last, b_last) = D
    a = conv(x, w, strides[0]) + b[:, None, None]     # a = conv(x, w) + b: half as long
    h = np.where(a > 0, a, SLOPE * a)                 # h = leaky(a)
    kept: list[Any] = [(x, a)]
    for k, (w, scale, shift) in enumerate(stages):
        a = conv(h, w, strides[1 + k])                # a = conv(h, w): half as long, twice the maps
        y, xhat, inv_std = batch_norm(a, scale, shift)
        kept.append((h, y, xhat, inv_std))
        h = np.where(y > 0, y, SLOPE * y)             # h = leaky(y)
    s = h.reshape(len(x), -1) @ w_last.T + b_last     # s = h w' + b: above 0, the image looks real    (n, 1)
    return s, [*kept, h]


def backward_d(g_s: Array, kept: list[Any], D: Layers, strides: Strides) -> tuple[Array, Gradients]:
    """dL/ds (n, 1) -> dL/dx (n, c, h, w), and the gradients of each layer of D."""
    (w0, _), *stages, (w_last, _) = D
    h = kept[-1]
    g_w = g_s.T @ h.reshape(len(h), -1)               # dL/dw = (dL/ds)' h
    g_b = g_s.sum(axis=0)                             # dL/db = sum over the batch of dL/ds
    g_h = (g_s @ w_last).reshape(h.shape)             # dL/dh = dL/ds w, as maps
    g_D: Gradients = [(g_w, g_b)]
    for k in reversed(range(len(stages))):
        (w, scale, _), (h, y, xhat, inv_std) = stages[k], kept[k + 1]
        g_y = g_h * np.where(y > 0, 1.0, SLOPE)       # dL/dy = dL/dh leaky'(y)
        g_a, g_scale, g_shift = batch_norm_back(g_y, xhat, inv_std, scale)
        g_w = conv_weight(h, g_a, strides[1 + k], w.shape[2:])  # dL/dw = conv_weight(h, dL/da)
        g_h = conv_transpose(g_a, w, strides[1 + k])  # dL/dh = conv_transpose(dL/da, w)
        g_D = [(g_w, g_scale, g_shift), *g_D]
    x, a = kept[0]
    g_a = g_h * np.where(a > 0, 1.0, SLOPE)           # dL/da = dL/dh leaky'(a)
    g_w = conv_weight(x, g_a, strides[0], w0.shape[2:])  # dL/dw = conv_weight(x, dL/da)
    g_b = g_a.sum(axis=MAP)                           # dL/db = sum over a map of dL/da
    g_x = conv_transpose(g_a, w0, strides[0])         # dL/dx = conv_transpose(dL/da, w): of each pixel
    return g_x, [(g_w, g_b), *g_D]


# -- the two steps -------------------------------------------------------------------------------------------


def step_d(real: Array, z: Array, G: Layers, D: Layers, size: Pair, strides: Strides) -> dict[str, Any]:
    """D's step on images ``real`` and on those of ``z``: the loss and its gradient in each weight of D."""
    fake, _ = forward_g(z, G, size, strides)          # a constant here: nothing goes back into G
    s_real, at_real = forward_d(real, D, strides)     # two batches: batch norm has statistics of each
    s_fake, at_fake = forward_d(fake, D, strides)
    loss = softplus(-s_real).mean() + softplus(s_fake).mean()  # L = -mean log D(x) - mean log(1 - D(G(z)))
    g_s_real = -sigmoid(-s_real) / len(s_real)        # dL/ds = -(1 - D(x)) / n: real logits should rise
    g_s_fake = sigmoid(s_fake) / len(s_fake)          # dL/ds = D(G(z)) / n: those of fakes should fall
    _, by_real = backward_d(g_s_real, at_real, D, strides)
    _, by_fake = backward_d(g_s_fake, at_fake, D, strides)
    g_D = [tuple(map(np.add, of_real, of_fake)) for of_real, of_fake in zip(by_real, by_fake, strict=True)]
    parts = {"real": by_real, "fake": by_fake}
    return {"loss": loss, "fake": fake, "s_real": s_real, "s_fake": s_fake, "D": g_D, "parts": parts}


def step_g(z: Array, G: Layers, D: Layers, size: Pair, strides: Strides) -> dict[str, Any]:
    """G's step: the loss and its gradient in each weight of G, at the fake images and at z.

    ``g_fake``, what arrives at the images through D's weights, is all that G learns from.
    """
    fake, at_z = forward_g(z, G, size, strides)
    s_fake, at_fake = forward_d(fake, D, strides)
    loss = softplus(-s_fake).mean()                   # L = -mean log D(G(z)): small if D is fooled
    g_s = -sigmoid(-s_fake) / len(s_fake)             # dL/ds = -(1 - D(G(z))) / n: steep if it is not
    g_fake, _ = backward_d(g_s, at_fake, D, strides)
    g_z, g_G = backward_g(g_fake, at_z, G, strides)
    return {"loss": loss, "fake": fake, "s_fake": s_fake, "G": g_G, "g_fake": g_fake, "g_z": g_z}
