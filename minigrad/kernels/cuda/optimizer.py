"""The optimizers' updates: one launch over the parameters, their gradients and their state.

A parameter array may be many parameters end to end; their gradients are then arrays of their own, read where
they lie, MANY in a launch. Each block has a chunk of one of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from minigrad.kernels import Gradients, check_gradient
from minigrad.kernels.cuda.runtime.arrays import (
    Array,
    checked,
    contiguous,
    on_host,
    writeable,
    xp_of,
)
from minigrad.kernels.cuda.runtime.loading import Source
from minigrad.kernels.settings import (
    Settings,
    adam_settings,
    adamw_settings,
    check_settings,
    rmsprop_settings,
    sgd_settings,
)

MANY = 16  # arrays that a kernel takes: those of DCGAN's networks and more
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
    flags = np.int32(velocity is not None), np.int32(nesterov)
    numbers = sgd_settings(lr, momentum, dampening, weight_decay)
    _run("sgd_update", p, g, (velocity,), flags, numbers, settings)


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
    flags = np.int32(gradient_average is not None), np.int32(velocity is not None)
    numbers = rmsprop_settings(lr, alpha, eps, weight_decay, momentum)
    _run("rmsprop_update", p, g, state, flags, numbers, settings)


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
    numbers = adam_settings(step, lr, beta1, beta2, eps, weight_decay)
    _run("adam_update", p, g, (m, v), (), numbers, settings)


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
    numbers = adamw_settings(step, lr, beta1, beta2, eps, weight_decay, decay)
    _run("adamw_update", p, g, (m, v, v_max), (np.int32(v_max is not None),), numbers, settings)


def _run(
    name: str,
    p: Array,
    g: Gradients,
    state: tuple[Array | None, ...],
    flags: tuple[Any, ...],
    numbers: Settings,
    settings: Array | None,
) -> None:
    gradients = g if isinstance(g, Sequence) else [g]
    checked(name, p, *gradients, *state)
    check_gradient(name, p, g)
    if settings is not None:
        check_settings(name, p, settings, numbers)
    # the parameter stands for a state that is None: the kernel's flags keep it from touching that argument
    own = [_in_place(name, p if a is None else a, p) for a in (p, *state)]
    values = [p.dtype.type(number) for number in numbers]
    read = p if settings is None else settings, np.int32(settings is not None)
    for group in _groups([contiguous(a) for a in gradients]):
        parts = [a[group.first : group.first + group.size] for a in own]
        SOURCE.launch(name, p.dtype, group.blocks, *group.table, *parts, *flags, *values, *read)


class _Group(NamedTuple):
    """MANY arrays or fewer, end to end: where they begin among all, their elements, the blocks that own them,
    and the kernels' first arguments.
    """

    first: int
    size: int
    blocks: int
    table: tuple[Any, ...]


def _groups(arrays: Sequence[Array]) -> Iterator[_Group]:
    """The arrays, MANY after MANY. Places that are not needed hold the last array; no block gets there."""
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
