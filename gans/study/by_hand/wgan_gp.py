"""WGAN-GP's critic by hand, with the backward of its backward (Gulrajani et al. 2017, algorithm 1).

D is a critic f without batch norm: its score s = f(x) is any number. Its loss has a penalty of how steep it
is at points x between real and fake images,

    P = weight mean((|df/dx| - 1)^2),

and df/dx comes from a backward pass. So P needs the derivative of a backward pass in the weights, and that is
one more pass, from the image up to the score. A critic with one convolution has it all:

    forward           a = conv(x, w) + b     h = leaky(a)           s = sum of h v
    backward          f_h = v                f_a = f_h leaky'(a)    f_x = conv_transpose(f_a, w)
    backward of it    dP/df_x                dP/df_a = conv(dP/df_x, w)    dP/df_h = dP/df_a leaky'(a)
                      dP/dw = conv_weight(dP/df_x, f_a)             dP/dv = sum of dP/df_h

``f_a`` is df/da, and ``g_f_a`` is dP/df_a. leaky' is 1 or 0.2, piece by piece, so its own derivative is 0,
and nothing goes back into a. This is why no bias gets a gradient of the penalty.

G is DCGAN's: ``dcgan`` has it. ``D`` is a list of (w, b) of each convolution and of the linear layer;
``strides`` and ``size`` are as in ``dcgan``.
"""

# The chain rule has a column of its own.
# fmt: off

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.study.by_hand.convolution import Pair, conv, conv_transpose, conv_weight
from gans.study.by_hand.dcgan import backward_g, forward_g

Array = NDArray[np.float64]
Layers = Sequence[tuple[Array, ...]]
Gradients = list[tuple[Array, ...]]
Strides = Sequence[Pair]

SLOPE = 0.2
"""Of the leaky ReLU below 0."""

ROUND = 1e-12
"""Beside the sum of squares, so that a norm of 0 has a derivative."""

IMAGE = (1, 2, 3)
"""The axes of an image's numbers in (n, c, h, w): each image has a norm of its own."""

MAP = (0, 2, 3)
"""The axes of a map's numbers: each map has a bias of its own."""


def leaky_slope(a: Array) -> Array:
    """The derivative of the leaky ReLU: 1 where a > 0, else 0.2."""
    return np.where(a > 0, 1.0, SLOPE)


# -- the critic: x -> s --------------------------------------------------------------------------------------


def forward_d(x: Array, D: Layers, strides: Strides) -> tuple[Array, list[tuple[Array, Array]], Array]:
    """Images x (n, c, h, w) -> scores s (n, 1); each convolution's input and result, and the last maps."""
    *convolutions, (v, b_last) = D
    h, kept = x, []
    for k, (w, b) in enumerate(convolutions):
        a = conv(h, w, strides[k]) + b[:, None, None]   # a = conv(h, w) + b: half as long, twice the maps
        kept.append((h, a))
        h = np.where(a > 0, a, SLOPE * a)             # h = leaky(a)
    s = h.reshape(len(x), -1) @ v.T + b_last          # s = h v' + b    (n, 1)
    return s, kept, h


def backward_d(
    g_s: Array, kept: list[tuple[Array, Array]], h: Array, D: Layers, strides: Strides
) -> tuple[Array, Gradients]:
    """dL/ds (n, 1) -> dL/dx (n, c, h, w), and (dL/dw, dL/db) of each layer of the critic."""
    *convolutions, (v, _) = D
    g_w = g_s.T @ h.reshape(len(h), -1)               # dL/dv = (dL/ds)' h
    g_b = g_s.sum(axis=0)                             # dL/db = sum over the batch of dL/ds
    g_h = (g_s @ v).reshape(h.shape)                  # dL/dh = dL/ds v, as maps
    g_D: Gradients = [(g_w, g_b)]
    for k in reversed(range(len(convolutions))):
        (w, _), (h, a) = convolutions[k], kept[k]
        g_a = g_h * leaky_slope(a)                    # dL/da = dL/dh leaky'(a)
        g_w = conv_weight(h, g_a, strides[k], w.shape[2:])  # dL/dw = conv_weight(h, dL/da)
        g_b = g_a.sum(axis=MAP)                       # dL/db = sum over a map of dL/da
        g_h = conv_transpose(g_a, w, strides[k])      # dL/dh = conv_transpose(dL/da, w); at k = 0, dL/dx
        g_D = [(g_w, g_b), *g_D]
    return g_h, g_D


# -- the penalty ---------------------------------------------------------------------------------------------


def penalty(x: Array, D: Layers, strides: Strides, weight: float) -> tuple[float, Array, Gradients]:
    """P at the images x, |df/dx| of each (n, 1, 1, 1), and dP/dw and dP/db of each layer of the critic."""
    *convolutions, (v, b_last) = D
    _, kept, h = forward_d(x, D, strides)

    # df/dx, as in ``backward_d`` with df/ds = 1
    f_h = (np.ones((len(x), 1)) @ v).reshape(h.shape)  # df/dh = v for each image, as maps
    slopes: list[Array] = []
    for k in reversed(range(len(convolutions))):
        f_a = f_h * leaky_slope(kept[k][1])           # df/da = df/dh leaky'(a)
        slopes = [f_a, *slopes]
        f_h = conv_transpose(f_a, convolutions[k][0], strides[k])  # df/dh = conv_transpose(df/da, w)
    f_x = f_h                                         # df/dx: the input of the first convolution is x

    # the penalty, and its derivative in df/dx
    f_norm = np.sqrt((f_x**2).sum(axis=IMAGE, keepdims=True) + ROUND)  # |df/dx|, over a whole image
    P = weight * ((f_norm - 1) ** 2).mean()           # P = weight mean((|df/dx| - 1)^2)
    g_f_norm = weight * 2 * (f_norm - 1) / len(x)     # dP/d|df/dx| = 2 weight (|df/dx| - 1) / n
    g_f_h = g_f_norm * f_x / f_norm                   # dP/df_x = dP/d|df/dx| df/dx / |df/dx|

    # backward through the backward: its last line first, from the image up to the score
    g_D: Gradients = []
    for k, (w, b) in enumerate(convolutions):
        f_a, a = slopes[k], kept[k][1]
        g_w = conv_weight(g_f_h, f_a, strides[k], w.shape[2:])  # dP/dw = conv_weight(dP/df_h, df/da)
        g_b = np.zeros_like(b)                        # dP/db = 0: no b in any line of df/dx
        g_f_a = conv(g_f_h, w, strides[k])            # dP/df_a = conv(dP/df_h, w)
        g_f_h = g_f_a * leaky_slope(a)                # dP/df_h = dP/df_a leaky'(a)
        g_D = [*g_D, (g_w, g_b)]
    g_w = g_f_h.reshape(len(x), -1).sum(axis=0)[None]   # dP/dv = sum over the batch of dP/df_h
    g_b = np.zeros_like(b_last)                       # dP/db = 0
    return P, f_norm, [*g_D, (g_w, g_b)]


# -- the two steps -------------------------------------------------------------------------------------------


def step_d(
    real: Array, z: Array, t: Array, G: Layers, D: Layers, size: Pair, strides: Strides, weight: float
) -> dict[str, Any]:
    """The critic's step; ``t`` (n, 1, 1, 1), from 0 to 1, places a point between each real and fake image."""
    fake, _ = forward_g(z, G, size, strides)          # a constant here: nothing goes back into G
    s_real, at_real, h_real = forward_d(real, D, strides)
    s_fake, at_fake, h_fake = forward_d(fake, D, strides)
    between = t * real + (1 - t) * fake               # a point between x and G(z), a constant too
    P, norm, by_penalty = penalty(between, D, strides, weight)
    loss = s_fake.mean() - s_real.mean() + P          # L = mean f(G(z)) - mean f(x) + P
    g_s_real = np.full_like(s_real, -1 / len(s_real))   # dL/ds = -1 / n for real images
    g_s_fake = np.full_like(s_fake, 1 / len(s_fake))  # dL/ds = 1 / n for fakes
    _, by_real = backward_d(g_s_real, at_real, h_real, D, strides)
    _, by_fake = backward_d(g_s_fake, at_fake, h_fake, D, strides)
    by_all = zip(by_real, by_fake, by_penalty, strict=True)
    g_D = [(g_w + h_w + p_w, g_b + h_b + p_b) for (g_w, g_b), (h_w, h_b), (p_w, p_b) in by_all]
    parts = {"real": by_real, "fake": by_fake, "penalty": by_penalty}
    values = {"loss": loss, "fake": fake, "s_real": s_real, "s_fake": s_fake, "norm": norm, "penalty": P}
    return {**values, "D": g_D, "parts": parts}


def step_g(z: Array, G: Layers, D: Layers, size: Pair, strides: Strides) -> dict[str, Any]:
    """G's step, through the critic: the loss, its gradient in G's weights, at the fake images and at z."""
    fake, at_z = forward_g(z, G, size, strides)
    s_fake, at_fake, h_fake = forward_d(fake, D, strides)
    loss = -s_fake.mean()                             # L = -mean f(G(z)): raise the scores of fakes
    g_s = np.full_like(s_fake, -1 / len(s_fake))      # dL/ds = -1 / n, wherever the critic is
    g_fake, _ = backward_d(g_s, at_fake, h_fake, D, strides)  # dL/dx = -(df/dx) / n, on the way to G
    g_z, g_G = backward_g(g_fake, at_z, G, strides)
    return {"loss": loss, "fake": fake, "s_fake": s_fake, "G": g_G, "g_fake": g_fake, "g_z": g_z}
