"""The optimizers' updates: one launch over the parameters, their gradients and their state.

A parameter array may be many parameters end to end; their gradients are then arrays of their own, read where
they lie, MANY in a launch. Each block has a chunk of one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from minigrad.kernels.checks import check_gradient
from minigrad.kernels.coefficients import ADAM, ADAMW, RMSPROP, SGD, check_coefficients
from minigrad.kernels.cuda.runtime.arrays import checked, contiguous, on_host, writeable, xp_of
from minigrad.kernels.cuda.runtime.loading import Source
from minigrad.types import Array, Gradients

__all__ = ["adam_update", "adamw_update", "rmsprop_update", "sgd_update", "sum_squares"]

MANY = 16  # arrays that a kernel takes: more than a network of DCGAN has
CHUNK = 2048  # elements that a block owns at most

SOURCE = Source("optimizer.cu", CHUNK=CHUNK)


def sum_squares(arrays: Sequence[Array]) -> Array:
    """The sum of the squares of all elements of all arrays, taken in float64: of shape ().

    TypeError unless all are float32 or all float64.
    """
    checked("sum_squares", *arrays)
    groups = list(_groups([contiguous(a) for a in arrays]))
    xp = xp_of(arrays[0])
    if not groups:
        nothing: Array = xp.zeros((), np.float64)
        return nothing
    sums = xp.empty(sum([group.blocks for group in groups]), np.float64)
    first = 0
    total: Array = xp.empty((), np.float64)
    for group in groups:
        part = sums[first : first + group.blocks]
        SOURCE.launch("sum_squares", arrays[0].dtype, group.blocks, *group.table, part)
        first += group.blocks
    SOURCE.launch("add_sums", sums.dtype, 1, sums, np.int64(sums.size), total)
    return total


def sgd_update(p: Array, g: Gradients, velocity: Array | None, coefficients: Array, nesterov: bool) -> None:
    """SGD in place: d = g + weight_decay p; v = momentum v + damped d; p -= lr v (Sutskever et al. 2013).

    Nesterov's form ends with p -= lr (d + momentum v). ``velocity`` is None without momentum: p -= lr d. It
    starts at zero, and a first step without dampening makes it the gradient. ``g`` is of p's shape, or arrays
    that are p's end to end. ``coefficients`` are those of sgd_coefficients in an array.
    """
    check_coefficients("sgd_update", p, coefficients, SGD)
    flags = np.int32(velocity is not None), np.int32(nesterov)
    _run("sgd_update", p, g, (velocity,), coefficients, *flags)


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
    flags = np.int32(gradient_average is not None), np.int32(velocity is not None)
    _run("rmsprop_update", p, g, state, coefficients, *flags)


def adam_update(p: Array, g: Gradients, m: Array, v: Array, coefficients: Array) -> None:
    """Adam in place (Kingma and Ba 2015, algorithm 1).

    d = g + weight_decay p; m += rest1 (d - m); v = beta2 v + rest2 d^2; p -= rate m / (sqrt(v) / root + eps).
    ``g`` as in sgd_update; ``coefficients`` are those of adam_coefficients in an array.
    """
    check_coefficients("adam_update", p, coefficients, ADAM)
    _run("adam_update", p, g, (m, v), coefficients)


def adamw_update(
    p: Array, g: Gradients, m: Array, v: Array, v_max: Array | None, coefficients: Array
) -> None:
    """Adam with decay apart from the gradient, in place (Loshchilov and Hutter 2019, algorithm 2).

    As adam_update, but p -= shrink p + rate m / (sqrt(v) / root + eps), and with ``v_max`` (AMSGrad; Reddi et
    al. 2018) v_max = max(v_max, v) stands in v's place in the root. ``coefficients`` are those of
    adamw_coefficients in an array.
    """
    check_coefficients("adamw_update", p, coefficients, ADAMW)
    _run("adamw_update", p, g, (m, v, v_max), coefficients, np.int32(v_max is not None))


def _run(
    name: str,
    p: Array,
    g: Gradients,
    state: tuple[Array | None, ...],
    coefficients: Array,
    *flags: np.int32,
) -> None:
    gradients = g if isinstance(g, Sequence) else [g]
    checked(name, p, *gradients, *state)
    check_gradient(name, p, g)
    # the parameter is passed for a state that is None: the flags keep the kernel from touching that argument
    own = [_in_place(name, p if a is None else a, p) for a in (p, *state)]
    for group in _groups([contiguous(a) for a in gradients]):
        parts = [a[group.first : group.first + group.size] for a in own]
        SOURCE.launch(name, p.dtype, group.blocks, *group.table, *parts, *flags, coefficients)


class _Group(NamedTuple):
    """MANY arrays or fewer, end to end: where they begin among all, their elements, the blocks that own them,
    and the kernels' first arguments.
    """

    first: int
    size: int
    blocks: int
    table: tuple[Any, ...]


def _groups(arrays: Sequence[Array]) -> Iterator[_Group]:
    """The arrays in groups of MANY. Unused places of a group hold its last array; no block reads them."""
    filled, first = [a for a in arrays if a.size], 0
    for begin in range(0, len(filled), MANY):
        group = filled[begin : begin + MANY]
        spare = MANY - len(group)
        ends = np.cumsum([a.size for a in group] + [0] * spare)
        blocks = np.cumsum([-(-a.size // CHUNK) for a in group] + [0] * spare)
        places = (*(np.int64(end) for end in ends), *(np.int32(block) for block in blocks))
        yield _Group(first, int(ends[-1]), int(blocks[-1]), (*group, *[group[-1]] * spare, *places))
        first += int(ends[-1])


def _in_place(name: str, array: Array, p: Array) -> Array:
    if not writeable(array) or array.shape != p.shape:
        writes = not on_host(array) or array.flags.writeable
        raise ValueError(
            f"{name}: the parameter and its state are updated in place: expected writeable, C-contiguous "
            f"arrays of shape {p.shape}; got shape {array.shape}, writeable={writes}, "
            f"C-contiguous={array.flags.c_contiguous}"
        )
    return array.reshape(-1)
