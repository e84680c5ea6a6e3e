"""The optimizers' updates: one pass over the parameters, their gradients and their state.

A parameter array may be many parameters end to end, whose gradients are arrays of their own. The loops get
the addresses of these arrays and run over segments, each within one gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

from minigrad.kernels.coefficients import ADAM, ADAMW, RMSPROP, SGD, check_coefficients
from minigrad.kernels.cpu.optimizer.end_to_end import (
    NONE,
    SERIAL,
    addresses_of,
    joined,
    run_update,
    segments_of,
)
from minigrad.kernels.cpu.runtime.compiling import SMALL, checked, contiguous, jit, launch
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.types import Array, Gradients

__all__ = ["adam_update", "adamw_update", "rmsprop_update", "sgd_update", "sum_squares"]


@intrinsic
def _pointer(context: Any, address: Any, like: Any) -> Any:
    """A pointer to elements of ``like``'s dtype at an address."""
    pointer = types.CPointer(like.dtype)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(pointer))

    return pointer(address, like), generate


class Parts(NamedTuple):
    """Gradients where they lie: the arrays' addresses, and the rows of ``segments_of`` that cover them."""

    addresses: Array
    segments: Array


@jit
def _part(parts: Parts, s: int, like: Array) -> Array:
    """The elements of a segment, in an array of ``like``'s dtype."""
    segment = parts.segments[s]
    pointer = _pointer(parts.addresses[segment[0]], like)
    part: Array = numba.carray(pointer, segment[1] + segment[3])[segment[1] :]
    return part


@jit
def _sgd(p: Array, g: Array, velocity: Array, coefficients: Array, nesterov: bool) -> None:
    moving = velocity.size > 0
    lr, momentum = coefficients[0], coefficients[1]
    damped, weight_decay = coefficients[2], coefficients[3]
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
    parts: Parts,
    velocity: Array,
    coefficients: Array,
    nesterov: bool,
) -> None:
    segments = parts.segments
    for s in range(share * len(segments) // shares, (share + 1) * len(segments) // shares):
        own = slice(segments[s, 2], segments[s, 2] + segments[s, 3])
        _sgd(p[own], _part(parts, s, p), velocity[own], coefficients, nesterov)


@jit
def _sgd_segments(
    shares: int,
    p: Array,
    addresses: Array,
    segments: Array,
    velocity: Array,
    coefficients: Array,
    nesterov: bool,
) -> None:
    parallel_for(shares, _sgd_share, shares, p, Parts(addresses, segments), velocity, coefficients, nesterov)


@jit
def _rmsprop(
    p: Array, g: Array, square_average: Array, gradient_average: Array, velocity: Array, coefficients: Array
) -> None:
    centered, moving = gradient_average.size > 0, velocity.size > 0
    lr, alpha, rest = coefficients[0], coefficients[1], coefficients[2]
    eps, weight_decay, momentum = coefficients[3], coefficients[4], coefficients[5]
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
    parts: Parts,
    square_average: Array,
    gradient_average: Array,
    velocity: Array,
    coefficients: Array,
) -> None:
    segments = parts.segments
    for s in range(share * len(segments) // shares, (share + 1) * len(segments) // shares):
        own = slice(segments[s, 2], segments[s, 2] + segments[s, 3])
        state = square_average[own], gradient_average[own], velocity[own]
        _rmsprop(p[own], _part(parts, s, p), *state, coefficients)


@jit
def _rmsprop_segments(
    shares: int,
    p: Array,
    addresses: Array,
    segments: Array,
    square_average: Array,
    gradient_average: Array,
    velocity: Array,
    coefficients: Array,
) -> None:
    state = square_average, gradient_average, velocity
    parallel_for(shares, _rmsprop_share, shares, p, Parts(addresses, segments), *state, coefficients)


@jit
def _adam(p: Array, g: Array, m: Array, v: Array, coefficients: Array) -> None:
    rate, root, rest1 = coefficients[0], coefficients[1], coefficients[2]
    beta2, rest2 = coefficients[3], coefficients[4]
    eps, weight_decay = coefficients[5], coefficients[6]
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
    parts: Parts,
    m: Array,
    v: Array,
    coefficients: Array,
) -> None:
    segments = parts.segments
    for s in range(share * len(segments) // shares, (share + 1) * len(segments) // shares):
        own = slice(segments[s, 2], segments[s, 2] + segments[s, 3])
        _adam(p[own], _part(parts, s, p), m[own], v[own], coefficients)


@jit
def _adam_segments(
    shares: int, p: Array, addresses: Array, segments: Array, m: Array, v: Array, coefficients: Array
) -> None:
    parallel_for(shares, _adam_share, shares, p, Parts(addresses, segments), m, v, coefficients)


@jit
def _adamw(p: Array, g: Array, m: Array, v: Array, v_max: Array, coefficients: Array) -> None:
    amsgrad = v_max.size > 0
    rate, root, rest1 = coefficients[0], coefficients[1], coefficients[2]
    beta2, rest2 = coefficients[3], coefficients[4]
    eps, weight_decay, shrink = coefficients[5], coefficients[6], coefficients[7]
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
    parts: Parts,
    m: Array,
    v: Array,
    v_max: Array,
    coefficients: Array,
) -> None:
    segments = parts.segments
    for s in range(share * len(segments) // shares, (share + 1) * len(segments) // shares):
        own = slice(segments[s, 2], segments[s, 2] + segments[s, 3])
        state = m[own], v[own], v_max[own]
        _adamw(p[own], _part(parts, s, p), *state, coefficients)


@jit
def _adamw_segments(
    shares: int,
    p: Array,
    addresses: Array,
    segments: Array,
    m: Array,
    v: Array,
    v_max: Array,
    coefficients: Array,
) -> None:
    state = m, v, v_max
    parallel_for(shares, _adamw_share, shares, p, Parts(addresses, segments), *state, coefficients)


@jit
def _squares(g: Array) -> float:
    total = 0.0
    for i in range(g.size):
        total += np.float64(g[i]) * np.float64(g[i])
    return total


@inner_jit
def _squares_segment(s: int, parts: Parts, like: Array, sums: Array) -> None:
    sums[s] = _squares(_part(parts, s, like))


@jit
def _squares_segments(addresses: Array, segments: Array, like: Array, sums: Array) -> None:
    parallel_for(len(segments), _squares_segment, Parts(addresses, segments), like, sums)


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


def sgd_update(p: Array, g: Gradients, velocity: Array | None, coefficients: Array, nesterov: bool) -> None:
    """SGD in place: d = g + weight_decay p; v = momentum v + damped d; p -= lr v (Sutskever et al. 2013).

    Nesterov's form ends with p -= lr (d + momentum v). ``velocity`` is None without momentum: p -= lr d. It
    starts at zero, and a first step without dampening makes it the gradient. ``g`` is of p's shape, or arrays
    that are p's end to end. ``coefficients`` are those of sgd_coefficients in an array.
    """
    check_coefficients("sgd_update", p, coefficients, SGD)
    run_update("sgd_update", _sgd, _sgd_segments, p, g, (velocity,), coefficients, bool(nesterov))


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
    check_coefficients("rmsprop_update", p, coefficients, RMSPROP)
    state = square_average, gradient_average, velocity
    run_update("rmsprop_update", _rmsprop, _rmsprop_segments, p, g, state, coefficients)


def adam_update(p: Array, g: Gradients, m: Array, v: Array, coefficients: Array) -> None:
    """Adam in place (Kingma and Ba 2015, algorithm 1).

    d = g + weight_decay p; m += rest1 (d - m); v = beta2 v + rest2 d^2; p -= rate m / (sqrt(v) / root + eps).
    ``g`` as in sgd_update; ``coefficients`` are those of adam_coefficients in an array.
    """
    check_coefficients("adam_update", p, coefficients, ADAM)
    run_update("adam_update", _adam, _adam_segments, p, g, (m, v), coefficients)


def adamw_update(
    p: Array, g: Gradients, m: Array, v: Array, v_max: Array | None, coefficients: Array
) -> None:
    """Adam with decay apart from the gradient, in place (Loshchilov and Hutter 2019, algorithm 2).

    As adam_update, but p -= shrink p + rate m / (sqrt(v) / root + eps), and with ``v_max`` (AMSGrad; Reddi et
    al. 2018) v_max = max(v_max, v) stands in v's place in the root. ``coefficients`` are those of
    adamw_coefficients in an array.
    """
    check_coefficients("adamw_update", p, coefficients, ADAMW)
    run_update("adamw_update", _adamw, _adamw_segments, p, g, (m, v, v_max), coefficients)
