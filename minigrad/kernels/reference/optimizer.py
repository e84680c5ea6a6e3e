"""Optimizers' updates, in place."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from minigrad.kernels.coefficients import ADAM, ADAMW, RMSPROP, SGD, check_coefficients
from minigrad.types import Array, Gradients

__all__ = ["adam_update", "adamw_update", "rmsprop_update", "sgd_update", "sum_squares"]


def sum_squares(arrays: Sequence[Array]) -> Array:
    """The sum of the squares of all elements of all arrays, taken in float64: of shape ()."""
    return np.asarray(sum(np.square(a, dtype=np.float64).sum() for a in arrays), np.float64)


def sgd_update(p: Array, g: Gradients, velocity: Array | None, coefficients: Array, nesterov: bool) -> None:
    """SGD in place: d = g + weight_decay p; v = momentum v + damped d; p -= lr v (Sutskever et al. 2013).

    Nesterov's form ends with p -= lr (d + momentum v). ``velocity`` is None without momentum: p -= lr d. It
    starts at zero, and a first step without dampening makes it the gradient. ``g`` is of p's shape, or arrays
    that are p's end to end. ``coefficients`` are those of sgd_coefficients in an array.
    """
    lr, momentum, damped, weight_decay = _read("sgd_update", p, coefficients, SGD)
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
    coefficients: Array,
) -> None:
    """RMSprop in place: d = g + weight_decay p; s = alpha s + rest d^2; p -= lr d / (sqrt(s) + eps).

    With ``gradient_average`` a (centered): a += rest (d - a), and s - a^2 stands in the root. With
    ``velocity`` v: v = momentum v + d / (sqrt(s) + eps); p -= lr v. ``g`` as in sgd_update; ``coefficients``
    are those of rmsprop_coefficients in an array. (Tieleman and Hinton 2012; Graves 2013 for the centered
    form.)
    """
    lr, alpha, rest, eps, weight_decay, momentum = _read("rmsprop_update", p, coefficients, RMSPROP)
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


def adam_update(p: Array, g: Gradients, m: Array, v: Array, coefficients: Array) -> None:
    """Adam in place (Kingma and Ba 2015, algorithm 1).

    d = g + weight_decay p; m += rest1 (d - m); v = beta2 v + rest2 d^2; p -= rate m / (sqrt(v) / root + eps).
    ``g`` as in sgd_update; ``coefficients`` are those of adam_coefficients in an array.
    """
    rate, root, rest1, beta2, rest2, eps, weight_decay = _read("adam_update", p, coefficients, ADAM)
    if math.isnan(rate):
        return
    d = _gradient(g, p) + weight_decay * p
    m += rest1 * (d - m)
    v[...] = beta2 * v + rest2 * d * d
    p -= rate * m / (np.sqrt(v) / root + eps)


def adamw_update(
    p: Array, g: Gradients, m: Array, v: Array, v_max: Array | None, coefficients: Array
) -> None:
    """Adam with decay apart from the gradient, in place (Loshchilov and Hutter 2019, algorithm 2).

    As adam_update, but p -= shrink p + rate m / (sqrt(v) / root + eps), and with ``v_max`` (AMSGrad; Reddi et
    al. 2018) v_max = max(v_max, v) stands in v's place in the root. ``coefficients`` are those of
    adamw_coefficients in an array.
    """
    rate, root, rest1, beta2, rest2, eps, weight_decay, shrink = _read("adamw_update", p, coefficients, ADAMW)
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


def _read(name: str, p: Array, coefficients: Array, names: tuple[str, ...]) -> list[float]:
    check_coefficients(name, p, coefficients, names)
    numbers: list[float] = coefficients.tolist()
    return numbers


def _gradient(g: Gradients, p: Array) -> Array:
    return g if isinstance(g, np.ndarray) else np.concatenate([a.reshape(-1) for a in g]).reshape(p.shape)
