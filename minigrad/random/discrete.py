"""Random integers, classes and orders."""

from __future__ import annotations

import operator

import numpy as np

from minigrad.apply import constant
from minigrad.devices import to_device, xp_of
from minigrad.dispatch import kernels_of
from minigrad.hints import explain_keywords
from minigrad.random import process
from minigrad.random.draws import Shape, check_device, share_of, uniform
from minigrad.random.philox import Generator, Philox
from minigrad.tensor import Tensor
from minigrad.tracing import call, check
from minigrad.types import Array

WIDEST = 2**53
"""The largest range of integers: a uniform number of float64 has as many values."""

COMPARED = 2**24
"""How many pairs of numbers are compared at once on a GPU."""


@explain_keywords
def integers(
    low: int,
    high: int,
    shape: Shape = (),
    *,
    generator: Generator | None = None,
    device: str | None = None,
) -> Tensor:
    """Integers from the uniform distribution on low, ..., high - 1, of one ``shape``: int64.

    Where they come from, and which device they are on, is as with ``uniform``. A ``Philox`` gives
    low + floor(u (high - low)) of uniform numbers u in float64, the same integers on each device. Raises
    ValueError unless low < high, and where they are more than 2^53 apart; TypeError for bounds that are no
    integers.

    >>> import minigrad as mg
    >>> mg.random.integers(0, 10, (2, 4), generator=mg.random.Philox(7)).tolist()
    [[1, 1, 6, 8], [7, 8, 9, 1]]
    """
    low, high = operator.index(low), operator.index(high)
    if not low < high <= low + WIDEST:
        raise ValueError(f"integers: expected low < high <= low + 2^53, got low {low} and high {high}")
    if generator is None:
        generator = process.generator(device or "cpu")
    if isinstance(generator, Philox):
        u = uniform(shape, dtype=np.float64, generator=generator, device=device)
        return constant(_scaled, u, low, high - low)
    drawn = share_of(shape, lambda whole: call(_integers, generator, low, high, whole))
    return _moved(drawn, device)


@explain_keywords
def categorical(logits: Tensor, axis: int = -1, *, generator: Generator | None = None) -> Tensor:
    """A class for each distribution softmax(logits) along ``axis``: int64, of logits' shape without the axis.

    The class k is the first with ``u < p[0] + ... + p[k]``, for a uniform number u of float64 (inverse
    transform sampling), so that a class of probability 0, whose logit is -inf, is never drawn. ``generator``
    is as with ``uniform``; the classes are on the logits' device, and no gradient flows through them. Raises
    ValueError where the largest logit of a distribution is NaN or an infinity, TypeError unless logits are
    floats.

    >>> import minigrad as mg
    >>> logits = mg.ops.log(mg.tensor([[0.5, 0.25, 0.25], [0.01, 0.01, 0.98]]))
    >>> rng = mg.random.Philox(7)
    >>> [mg.random.categorical(logits, generator=rng).tolist() for _ in range(4)]
    [[0, 2], [1, 2], [2, 2], [2, 2]]
    """
    if not logits.is_float:
        raise TypeError(f"categorical: logits are floats, got {logits.dtype}")
    if not -logits.ndim <= axis < logits.ndim or not logits.shape[axis]:
        raise ValueError(f"categorical: there are no classes along axis {axis} of logits {logits.shape}")
    axis %= logits.ndim
    check(_check_logits, logits._data, axis)
    shape = tuple(size for at, size in enumerate(logits.shape) if at != axis)
    u = uniform(shape, dtype=np.float64, generator=generator, device=logits.device)
    return constant(_classes, logits, u, axis)


@explain_keywords
def permutation(n: int, *, generator: Generator | None = None, device: str | None = None) -> Tensor:
    """The integers 0, ..., n - 1 in a random order, each order with the same probability: int64 (n,).

    ``generator`` and ``device`` are as with ``uniform``; a ``Philox`` gives the ranks of uniform numbers of
    float64, the same on each device. Processes that train together draw the same order. Raises ValueError for
    a negative n.

    >>> import minigrad as mg
    >>> mg.random.permutation(6, generator=mg.random.Philox(7)).tolist()
    [0, 1, 2, 4, 3, 5]
    """
    n = operator.index(n)
    if n < 0:
        raise ValueError(f"permutation: expected n >= 0, got {n}")
    if generator is None:
        generator = process.generator(device or "cpu")
    if isinstance(generator, Philox):
        check_device(generator, device)
        draw = kernels_of(generator.state).philox_uniform  # of all n on each rank, unlike uniform()
        return constant(_ranks, Tensor(call(draw, generator.state, (n,), np.dtype(np.float64))))
    return _moved(call(_permutation, generator, n), device)


def _moved(array: Array, device: str | None) -> Tensor:
    return Tensor(array if device is None or device == "cpu" else call(to_device, array, device))


def _integers(generator: np.random.Generator, low: int, high: int, shape: Shape) -> Array:
    return np.asarray(generator.integers(low, high, shape, np.int64))


def _permutation(generator: np.random.Generator, n: int) -> Array:
    return np.asarray(generator.permutation(n), np.int64)


def _scaled(u: Array, low: int, count: int) -> Array:
    """low + floor(u count); u <= 1 - 2^-53 makes the product, after rounding too, less than ``count``."""
    scaled: Array = xp_of(u).floor(u * float(count)).astype(np.int64) + low
    return scaled


def _ranks(u: Array) -> Array:
    """How many numbers come before each of u: smaller ones, and equal ones that are to the left."""
    n, xp = len(u), xp_of(u)
    places: Array = xp.arange(n)
    ranks: Array = xp.zeros(n, np.int64)
    if xp is np:
        ranks[np.argsort(u, kind="stable")] = places
        return ranks
    rows = max(1, COMPARED // max(n, 1))
    for start in range(0, n, rows):  # a sort waits for the GPU, which a CUDA graph cannot
        own, at = u[start : start + rows, None], places[start : start + rows, None]
        ranks[start : start + rows] = ((u < own) | ((u == own) & (places < at))).sum(axis=1)
    return ranks


def _classes(logits: Array, u: Array, axis: int) -> Array:
    """The class along ``axis`` that lies at the share ``u`` of each distribution."""
    rows = logits.transpose(*(at for at in range(logits.ndim) if at != axis), axis)
    rows = rows.reshape(-1, logits.shape[axis])
    classes: Array = kernels_of(logits).choose_classes(rows, u.reshape(-1)).reshape(u.shape)
    return classes


def _check_logits(logits: Array, axis: int) -> None:
    if not bool(xp_of(logits).isfinite(logits.max(axis=axis)).all()):
        raise ValueError("categorical: the largest logit of each distribution must be finite, got another")
