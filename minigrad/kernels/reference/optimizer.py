"""Optimizers' updates, in place."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from minigrad.kernels import Gradients
from minigrad.kernels.reference.arrays import Array
from minigrad.kernels.settings import (
    Settings,
    adam_settings,
    adamw_settings,
    check_settings,
    rmsprop_settings,
    sgd_settings,
)


def sum_squares(arrays: Sequence[Array]) -> Array:
    """The sum of the squares of all elements of all arrays, taken in float64: of shape ()."""
    return np.asarray(sum(np.square(a, dtype=np.float64).sum() for a in arrays), np.float64)


def sgd_update(
    p: Array,
    g: Gradients,
    velocity: Array | None,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
    *,
    settings: Array | None = None,
) -> None:
    """SGD in place: d = g + weight_decay p; v = momentum v + (1 - dampening) d; p -= lr v.

    Nesterov's form ends with p -= lr (d + momentum v). ``velocity`` is None without momentum: p -= lr d.
    Start it at zero and, as PyTorch does, take the first step without dampening. ``g`` is of p's shape, or
    arrays that are p's end to end. ``settings``, if given, is an array of p's dtype with what sgd_settings
    makes of the numbers, and is read in their place. (Sutskever et al. 2013.)
    """
    lr, momentum, damped, weight_decay = _settings(
        "sgd_update", p, sgd_settings(lr, momentum, dampening, weight_decay), settings
    )
    if math.isnan(lr):
        return
    d = _gradient(g, p) + weight_decay * p
    if velocity is not None:
        velocity[...] = momentum * velocity + damped * d
        d = d + momentum * velocity if nesterov else velocity
    p -= lr * d


def rmsprop_update(
    p: Array,
    g: Gradients,
    square_average: Array,
    gradient_average: Array | None,
    velocity: Array | None,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
    *,
    settings: Array | None = None,
) -> None:
    """RMSprop in place: d = g + weight_decay p; s = alpha s + (1 - alpha) d^2; p -= lr d / (sqrt(s) + eps).

    With ``gradient_average`` a (centered): a += (1 - alpha) (d - a), and s - a^2 stands in the root. With
    ``velocity`` v: v = momentum v + d / (sqrt(s) + eps); p -= lr v. ``g`` and ``settings`` as in sgd_update.
    (Tieleman and Hinton 2012; Graves 2013 for the centered form.)
    """
    lr, alpha, rest, eps, weight_decay, momentum = _settings(
        "rmsprop_update", p, rmsprop_settings(lr, alpha, eps, weight_decay, momentum), settings
    )
    if math.isnan(lr):
        return
    d = _gradient(g, p) + weight_decay * p
    square_average[...] = alpha * square_average + rest * d * d
    variance = square_average
    if gradient_average is not None:
        gradient_average += rest * (d - gradient_average)
        variance = square_average - gradient_average * gradient_average
    d = d / (np.sqrt(variance) + eps)
    if velocity is not None:
        velocity[...] = momentum * velocity + d
        d = velocity
    p -= lr * d


def adam_update(
    p: Array,
    g: Gradients,
    m: Array,
    v: Array,
    step: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    *,
    settings: Array | None = None,
) -> None:
    """Adam in place (Kingma and Ba 2015, algorithm 1): ``step`` counts from 1.

    d = g + weight_decay p; m += (1 - beta1) (d - m); v = beta2 v + (1 - beta2) d^2;
    p -= lr / (1 - beta1^step) * m / (sqrt(v) / sqrt(1 - beta2^step) + eps). ``g`` and ``settings`` as in
    sgd_update.
    """
    rate, root, rest1, beta2, rest2, eps, weight_decay = _settings(
        "adam_update", p, adam_settings(step, lr, beta1, beta2, eps, weight_decay), settings
    )
    if math.isnan(rate):
        return
    d = _gradient(g, p) + weight_decay * p
    m += rest1 * (d - m)
    v[...] = beta2 * v + rest2 * d * d
    p -= rate * m / (np.sqrt(v) / root + eps)


def adamw_update(
    p: Array,
    g: Gradients,
    m: Array,
    v: Array,
    v_max: Array | None,
    step: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    decay: float,
    *,
    settings: Array | None = None,
) -> None:
    """Adam with decay apart from the gradient, in place (Loshchilov and Hutter 2019, algorithm 2).

    As adam_update, but p -= lr decay p + lr / (1 - beta1^step) * m / (sqrt(v) / sqrt(1 - beta2^step) + eps),
    and with ``v_max`` (AMSGrad; Reddi et al. 2018) v_max = max(v_max, v) stands in v's place in the root.
    """
    rate, root, rest1, beta2, rest2, eps, weight_decay, shrink = _settings(
        "adamw_update", p, adamw_settings(step, lr, beta1, beta2, eps, weight_decay, decay), settings
    )
    if math.isnan(rate):
        return
    d = _gradient(g, p) + weight_decay * p
    m += rest1 * (d - m)
    v[...] = beta2 * v + rest2 * d * d
    square = v
    if v_max is not None:
        v_max[...] = np.maximum(v_max, v)
        square = v_max
    p -= shrink * p + rate * m / (np.sqrt(square) / root + eps)


def _settings(name: str, p: Array, numbers: Settings, settings: Array | None) -> Settings:
    if settings is None:
        return numbers
    check_settings(name, p, settings, numbers)
    return tuple(settings.tolist())


def _gradient(g: Gradients, p: Array) -> Array:
    return g if isinstance(g, np.ndarray) else np.concatenate([a.reshape(-1) for a in g]).reshape(p.shape)
