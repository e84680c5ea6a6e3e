"""The optimizers' updates: one pass over the parameter, its gradient and its state."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from minigrad.kernels.cpu.compiling import (
    DTYPES,
    SMALL,
    Array,
    checked,
    contiguous,
    jit,
    launch,
    parallel_jit,
)

Settings = tuple[Any, ...]

NONE = {dtype: np.empty(0, dtype) for dtype in DTYPES}

CHUNK = 1 << 14  # elements that one iteration owns; fewer in all run on one thread


@jit
def _sgd(p: Array, g: Array, velocity: Array, settings: Settings, nesterov: bool) -> None:
    lr, momentum, damped, weight_decay = settings
    moving = velocity.size > 0
    for i in range(p.size):
        d = g[i] + weight_decay * p[i]
        if moving:
            v = momentum * velocity[i] + damped * d
            velocity[i] = v
            d = d + momentum * v if nesterov else v
        p[i] -= lr * d


@parallel_jit
def _sgd_chunks(
    p: Array,
    g: Array,
    velocity: Array,
    settings: Settings,
    nesterov: bool,
) -> None:
    for chunk in numba.prange((p.size + CHUNK - 1) // CHUNK):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _sgd(p[part], g[part], velocity[part], settings, nesterov)


@jit
def _rmsprop(
    p: Array, g: Array, square_average: Array, gradient_average: Array, velocity: Array, settings: Settings
) -> None:
    lr, alpha, rest, eps, weight_decay, momentum = settings
    centered, moving = gradient_average.size > 0, velocity.size > 0
    for i in range(p.size):
        d = g[i] + weight_decay * p[i]
        s = alpha * square_average[i] + rest * d * d
        square_average[i] = s
        if centered:
            a = gradient_average[i] + rest * (d - gradient_average[i])
            gradient_average[i] = a
            s -= a * a
        d /= np.sqrt(s) + eps
        if moving:
            d += momentum * velocity[i]
            velocity[i] = d
        p[i] -= lr * d


@parallel_jit
def _rmsprop_chunks(
    p: Array,
    g: Array,
    square_average: Array,
    gradient_average: Array,
    velocity: Array,
    settings: Settings,
) -> None:
    for chunk in numba.prange((p.size + CHUNK - 1) // CHUNK):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _rmsprop(p[part], g[part], square_average[part], gradient_average[part], velocity[part], settings)


@jit
def _adam(p: Array, g: Array, m: Array, v: Array, settings: Settings) -> None:
    rate, root, rest1, beta2, rest2, eps, weight_decay = settings
    for i in range(p.size):
        d = g[i] + weight_decay * p[i]
        m[i] += rest1 * (d - m[i])
        v[i] = beta2 * v[i] + rest2 * d * d
        p[i] -= rate * m[i] / (np.sqrt(v[i]) / root + eps)


@parallel_jit
def _adam_chunks(
    p: Array,
    g: Array,
    m: Array,
    v: Array,
    settings: Settings,
) -> None:
    for chunk in numba.prange((p.size + CHUNK - 1) // CHUNK):
        part = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
        _adam(p[part], g[part], m[part], v[part], settings)


def sgd_update(
    p: Array,
    g: Array,
    velocity: Array | None,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
) -> None:
    """SGD in place: d = g + weight_decay p; v = momentum v + (1 - dampening) d; p -= lr v.

    Nesterov's form ends with p -= lr (d + momentum v). `velocity` is None without momentum: p -= lr d. Start
    it at zero and, as PyTorch does, take the first step without dampening. (Sutskever et al. 2013.)
    """
    arrays = _flat("sgd_update", p, g, velocity)
    settings = _settings(p, lr, momentum, 1 - dampening, weight_decay)
    _run(_sgd, _sgd_chunks, p.size, *arrays, settings, bool(nesterov))


def rmsprop_update(
    p: Array,
    g: Array,
    square_average: Array,
    gradient_average: Array | None,
    velocity: Array | None,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
) -> None:
    """RMSprop in place: d = g + weight_decay p; s = alpha s + (1 - alpha) d^2; p -= lr d / (sqrt(s) + eps).

    With `gradient_average` a (centered): a += (1 - alpha) (d - a), and s - a^2 stands in the root. With
    `velocity` v: v = momentum v + d / (sqrt(s) + eps); p -= lr v. (Tieleman and Hinton 2012; Graves 2013 for
    the centered form.)
    """
    arrays = _flat("rmsprop_update", p, g, square_average, gradient_average, velocity)
    settings = _settings(p, lr, alpha, 1 - alpha, eps, weight_decay, momentum)
    _run(_rmsprop, _rmsprop_chunks, p.size, *arrays, settings)


def adam_update(
    p: Array,
    g: Array,
    m: Array,
    v: Array,
    step: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
) -> None:
    """Adam in place (Kingma and Ba 2015, algorithm 1): `step` counts from 1.

    d = g + weight_decay p; m += (1 - beta1) (d - m); v = beta2 v + (1 - beta2) d^2;
    p -= lr / (1 - beta1^step) * m / (sqrt(v) / sqrt(1 - beta2^step) + eps).
    """
    arrays = _flat("adam_update", p, g, m, v)
    rate, root = lr / (1 - beta1**step), math.sqrt(1 - beta2**step)
    settings = _settings(p, rate, root, 1 - beta1, beta2, 1 - beta2, eps, weight_decay)
    _run(_adam, _adam_chunks, p.size, *arrays, settings)


def _flat(name: str, p: Array, g: Array, *state: Array | None) -> list[Array]:
    """The arrays with one axis, sharing memory with p and the state; an empty array stands for None."""
    checked(name, p, g, *state)
    if g.shape != p.shape:
        raise ValueError(f"{name}: expected a gradient of the parameter's shape {p.shape}; got {g.shape}")
    flat = [_in_place(name, p, p), contiguous(g).reshape(-1)]
    flat += [NONE[p.dtype] if array is None else _in_place(name, array, p) for array in state]
    return flat


def _in_place(name: str, array: Array, p: Array) -> Array:
    if not array.flags.carray or array.shape != p.shape:
        raise ValueError(
            f"{name}: the parameter and its state are updated in place: expected writeable, C-contiguous "
            f"arrays of shape {p.shape}; got shape {array.shape}, writeable={array.flags.writeable}, "
            f"C-contiguous={array.flags.c_contiguous}"
        )
    return array.reshape(-1)


def _settings(p: Array, *numbers: float) -> Settings:
    """The numbers in p's dtype, so that float32 arithmetic stays float32."""
    return tuple(map(p.dtype.type, numbers))


def _run(serial: Callable[..., Any], chunks: Callable[..., Any], size: int, *arguments: Any) -> None:
    if size <= CHUNK:
        serial(*arguments)
    else:
        with launch(SMALL):
            chunks(*arguments)
