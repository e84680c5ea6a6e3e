"""The optimizers' updates: one launch over the parameters, their gradients and their state.

A parameter array may be many parameters end to end; their gradients are then arrays of their own, read where
they lie, MANY in a launch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from minigrad.kernels import Gradients, check_gradient
from minigrad.kernels.cuda.arrays import (
    Array,
    blocks_for,
    checked,
    contiguous,
    on_host,
    slices_of,
    writeable,
    xp_of,
)
from minigrad.kernels.cuda.loading import Source

SOURCE = Source("optimizer.cu")
MANY = 8  # arrays that a kernel takes


def sum_squares(arrays: Sequence[Array]) -> float:
    """The sum of the squares of all elements of all arrays, taken in float64.

    TypeError unless all are float32 or all float64. Waits for the device.
    """
    checked("sum_squares", *arrays)
    groups = list(_groups([contiguous(a) for a in arrays]))
    if not groups:
        return 0.0
    counts = [slices_of(size) for _, size, _ in groups]
    xp = xp_of(arrays[0])
    sums, total = xp.empty(sum(counts), np.float64), xp.empty(1, np.float64)
    first = 0
    for (_, size, table), count in zip(groups, counts, strict=True):
        part = sums[first : first + count]
        SOURCE.launch("sum_squares", arrays[0].dtype, count, *table, np.int64(size), part)
        first += count
    SOURCE.launch("add_sums", sums.dtype, 1, sums, np.int64(sums.size), total)
    return float(total.item())


def sgd_update(
    p: Array,
    g: Gradients,
    velocity: Array | None,
    lr: float,
    momentum: float,
    dampening: float,
    weight_decay: float,
    nesterov: bool,
) -> None:
    """SGD in place: d = g + weight_decay p; v = momentum v + (1 - dampening) d; p -= lr v.

    Nesterov's form ends with p -= lr (d + momentum v). `velocity` is None without momentum: p -= lr d. Start
    it at zero and, as PyTorch does, take the first step without dampening. `g` is of p's shape, or arrays
    that are p's end to end. (Sutskever et al. 2013.)
    """
    flags = np.int32(velocity is not None), np.int32(nesterov)
    settings = lr, momentum, 1 - dampening, weight_decay
    _run("sgd_update", p, g, (velocity,), flags, settings)


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
) -> None:
    """RMSprop in place: d = g + weight_decay p; s = alpha s + (1 - alpha) d^2; p -= lr d / (sqrt(s) + eps).

    With `gradient_average` a (centered): a += (1 - alpha) (d - a), and s - a^2 stands in the root. With
    `velocity` v: v = momentum v + d / (sqrt(s) + eps); p -= lr v. `g` as in sgd_update. (Tieleman and Hinton
    2012; Graves 2013 for the centered form.)
    """
    state = square_average, gradient_average, velocity
    flags = np.int32(gradient_average is not None), np.int32(velocity is not None)
    _run("rmsprop_update", p, g, state, flags, (lr, alpha, 1 - alpha, eps, weight_decay, momentum))


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
) -> None:
    """Adam in place (Kingma and Ba 2015, algorithm 1): `step` counts from 1.

    d = g + weight_decay p; m += (1 - beta1) (d - m); v = beta2 v + (1 - beta2) d^2;
    p -= lr / (1 - beta1^step) * m / (sqrt(v) / sqrt(1 - beta2^step) + eps). `g` as in sgd_update.
    """
    rate, root = lr / (1 - beta1**step), math.sqrt(1 - beta2**step)
    _run("adam_update", p, g, (m, v), (), (rate, root, 1 - beta1, beta2, 1 - beta2, eps, weight_decay))


def _run(
    name: str,
    p: Array,
    g: Gradients,
    state: tuple[Array | None, ...],
    flags: tuple[Any, ...],
    settings: tuple[float, ...],
) -> None:
    gradients = g if isinstance(g, Sequence) else [g]
    checked(name, p, *gradients, *state)
    check_gradient(name, p, g)
    # the parameter stands for a state that is None: the kernel's flags keep it from touching that argument
    own = [_in_place(name, p if a is None else a, p) for a in (p, *state)]
    numbers = [p.dtype.type(setting) for setting in settings]
    for first, size, table in _groups([contiguous(a) for a in gradients]):
        parts = [a[first : first + size] for a in own]
        SOURCE.launch(name, p.dtype, blocks_for(size), *table, *parts, *flags, *numbers, np.int64(size))


def _groups(arrays: Sequence[Array]) -> Iterator[tuple[int, int, tuple[Any, ...]]]:
    """MANY arrays after MANY: the first element of a group, its size, and the kernels' first arguments.

    Places that are not needed hold the group's first array, which ends there with the whole.
    """
    filled, first = [a for a in arrays if a.size], 0
    for begin in range(0, len(filled), MANY):
        group = filled[begin : begin + MANY]
        spare = MANY - len(group)
        ends = np.cumsum([a.size for a in group])
        places = [*ends, *[ends[-1]] * spare][: MANY - 1]
        size = int(ends[-1])
        yield first, size, (*group, *[group[0]] * spare, *(np.int64(place) for place in places))
        first += size


def _in_place(name: str, array: Array, p: Array) -> Array:
    if not writeable(array) or array.shape != p.shape:
        writes = not on_host(array) or array.flags.writeable
        raise ValueError(
            f"{name}: the parameter and its state are updated in place: expected writeable, C-contiguous "
            f"arrays of shape {p.shape}; got shape {array.shape}, writeable={writes}, "
            f"C-contiguous={array.flags.c_contiguous}"
        )
    return array.reshape(-1)
