"""The optimizers' updates: one pass over the parameters, their gradients and their state.

A parameter array may be many parameters end to end; their gradients are then arrays of their own, read where
they lie: the loops take their addresses, and go over segments that each lie within one gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

from minigrad.kernels import Gradients
from minigrad.kernels.cpu.optimizer.end_to_end import (
    NONE,
    SERIAL,
    addresses_of,
    joined,
    numbers_of,
    run_update,
    segments_of,
)
from minigrad.kernels.cpu.runtime.compiling import SMALL, Array, checked, contiguous, jit, launch
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.settings import adam_settings, adamw_settings, rmsprop_settings, sgd_settings


@intrinsic
def _pointer(context: Any, address: Any, like: Any) -> Any:
    """A pointer to elements of ``like``'s dtype at an address."""
    pointer = types.CPointer(like.dtype)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(pointer))

    return pointer(address, like), generate


@jit
def _part(addresses: Array, segment: Array, like: Array) -> Array:
    """The elements that a row of ``segments_of`` names, in arrays of ``like``'s dtype at ``addresses``."""
    pointer = _pointer(addresses[segment[0]], like)
    part: Array = numba.carray(pointer, segment[1] + segment[3])[segment[1] :]
    return part


@jit
def _sgd(p: Array, g: Array, velocity: Array, settings: Array, nesterov: bool) -> None:
    moving = velocity.size > 0
    lr, momentum = settings[0], settings[1]
    damped, weight_decay = settings[2], settings[3]
    for i in range(p.size):
        d = g[i] + weight_decay * p[i]
        if moving:
            v = momentum * velocity[i] + damped * d
            velocity[i] = v
            d = d + momentum * v if nesterov else v
        p[i] -= lr * d


@inner_jit
def _sgd_share(
    share: int,
    shares: int,
    p: Array,
    addresses: Array,
    segments: Array,
    velocity: Array,
    settings: Array,
    nesterov: bool,
) -> None:
    for s in range(share * len(segments) // shares, (share + 1) * len(segments) // shares):
        own = slice(segments[s, 2], segments[s, 2] + segments[s, 3])
        _sgd(p[own], _part(addresses, segments[s], p), velocity[own], settings, nesterov)


@jit
def _sgd_segments(
    shares: int,
    p: Array,
    addresses: Array,
    segments: Array,
    velocity: Array,
    settings: Array,
    nesterov: bool,
) -> None:
    parallel_for(shares, _sgd_share, shares, p, addresses, segments, velocity, settings, nesterov)


@jit
def _rmsprop(
    p: Array, g: Array, square_average: Array, gradient_average: Array, velocity: Array, settings: Array
) -> None:
    centered, moving = gradient_average.size > 0, velocity.size > 0
    lr, alpha, rest = settings[0], settings[1], settings[2]
    eps, weight_decay, momentum = settings[3], settings[4], settings[5]
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


@inner_jit
def _rmsprop_share(
    share: int,
    shares: int,
    p: Array,
    addresses: Array,
    segments: Array,
    square_average: Array,
    gradient_average: Array,
    velocity: Array,
    settings: Array,
) -> None:
    for s in range(share * len(segments) // shares, (share + 1) * len(segments) // shares):
        own = slice(segments[s, 2], segments[s, 2] + segments[s, 3])
        state = square_average[own], gradient_average[own], velocity[own]
        _rmsprop(p[own], _part(addresses, segments[s], p), *state, settings)


@jit
def _rmsprop_segments(
    shares: int,
    p: Array,
    addresses: Array,
    segments: Array,
    square_average: Array,
    gradient_average: Array,
    velocity: Array,
    settings: Array,
) -> None:
    state = square_average, gradient_average, velocity
    parallel_for(shares, _rmsprop_share, shares, p, addresses, segments, *state, settings)


@jit
def _adam(p: Array, g: Array, m: Array, v: Array, settings: Array) -> None:
    rate, root, rest1 = settings[0], settings[1], settings[2]
    beta2, rest2 = settings[3], settings[4]
    eps, weight_decay = settings[5], settings[6]
    for i in range(p.size):
        d = g[i] + weight_decay * p[i]
        m[i] += rest1 * (d - m[i])
        v[i] = beta2 * v[i] + rest2 * d * d
        p[i] -= rate * m[i] / (np.sqrt(v[i]) / root + eps)


@inner_jit
def _adam_share(
    share: int,
    shares: int,
    p: Array,
    addresses: Array,
    segments: Array,
    m: Array,
    v: Array,
    settings: Array,
) -> None:
    for s in range(share * len(segments) // shares, (share + 1) * len(segments) // shares):
        own = slice(segments[s, 2], segments[s, 2] + segments[s, 3])
        _adam(p[own], _part(addresses, segments[s], p), m[own], v[own], settings)


@jit
def _adam_segments(
    shares: int, p: Array, addresses: Array, segments: Array, m: Array, v: Array, settings: Array
) -> None:
    parallel_for(shares, _adam_share, shares, p, addresses, segments, m, v, settings)


@jit
def _adamw(p: Array, g: Array, m: Array, v: Array, v_max: Array, settings: Array) -> None:
    amsgrad = v_max.size > 0
    rate, root, rest1 = settings[0], settings[1], settings[2]
    beta2, rest2 = settings[3], settings[4]
    eps, weight_decay, shrink = settings[5], settings[6], settings[7]
    for i in range(p.size):
        d = g[i] + weight_decay * p[i]
        m[i] += rest1 * (d - m[i])
        square = beta2 * v[i] + rest2 * d * d
        v[i] = square
        if amsgrad:
            largest = v_max[i]
            if not square >= largest and square == square:  # a NaN in either stays
                square = largest
            v_max[i] = square
        p[i] -= shrink * p[i] + rate * m[i] / (np.sqrt(square) / root + eps)


@inner_jit
def _adamw_share(
    share: int,
    shares: int,
    p: Array,
    addresses: Array,
    segments: Array,
    m: Array,
    v: Array,
    v_max: Array,
    settings: Array,
) -> None:
    for s in range(share * len(segments) // shares, (share + 1) * len(segments) // shares):
        own = slice(segments[s, 2], segments[s, 2] + segments[s, 3])
        state = m[own], v[own], v_max[own]
        _adamw(p[own], _part(addresses, segments[s], p), *state, settings)


@jit
def _adamw_segments(
    shares: int,
    p: Array,
    addresses: Array,
    segments: Array,
    m: Array,
    v: Array,
    v_max: Array,
    settings: Array,
) -> None:
    state = m, v, v_max
    parallel_for(shares, _adamw_share, shares, p, addresses, segments, *state, settings)


@jit
def _squares(g: Array) -> float:
    total = 0.0
    for i in range(g.size):
        total += np.float64(g[i]) * np.float64(g[i])
    return total


@inner_jit
def _squares_segment(s: int, addresses: Array, segments: Array, like: Array, sums: Array) -> None:
    sums[s] = _squares(_part(addresses, segments[s], like))


@jit
def _squares_segments(addresses: Array, segments: Array, like: Array, sums: Array) -> None:
    parallel_for(len(segments), _squares_segment, addresses, segments, like, sums)


def sum_squares(arrays: Sequence[Array]) -> Array:
    """The sum of the squares of all elements of all arrays, taken in float64: of shape ().

    TypeError unless all are float32 or all float64.
    """
    checked("sum_squares", *arrays)
    size = sum([a.size for a in arrays])
    if size < SERIAL:
        return np.asarray(_squares(joined(arrays)))
    own = [contiguous(a) for a in arrays]
    segments = segments_of(tuple([a.size for a in own]))
    sums = np.empty(len(segments))
    with launch(SMALL):
        _squares_segments(addresses_of(own), segments, NONE[own[0].dtype], sums)
    return np.asarray(sums.sum())


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
    numbers = numbers_of("sgd_update", p, sgd_settings(lr, momentum, dampening, weight_decay), settings)
    run_update("sgd_update", _sgd, _sgd_segments, p, g, (velocity,), numbers, bool(nesterov))


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
    state = square_average, gradient_average, velocity
    numbers = numbers_of(
        "rmsprop_update", p, rmsprop_settings(lr, alpha, eps, weight_decay, momentum), settings
    )
    run_update("rmsprop_update", _rmsprop, _rmsprop_segments, p, g, state, numbers)


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
    numbers = numbers_of("adam_update", p, adam_settings(step, lr, beta1, beta2, eps, weight_decay), settings)
    run_update("adam_update", _adam, _adam_segments, p, g, (m, v), numbers)


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
    made = adamw_settings(step, lr, beta1, beta2, eps, weight_decay, decay)
    numbers = numbers_of("adamw_update", p, made, settings)
    run_update("adamw_update", _adamw, _adamw_segments, p, g, (m, v, v_max), numbers)
