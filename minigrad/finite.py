"""Checks that numbers are finite: a result's, for ``minigrad.check_finite``, and those that a step names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from minigrad.arrays import as_array, on_gpu
from minigrad.devices import numbers, to_device, xp_of
from minigrad.tensor import Tensor, describe
from minigrad.tracing import call, check, mode
from minigrad.types import Array

__all__ = ["NonFiniteError", "all_finite", "check_result", "require_finite"]


class NonFiniteError(FloatingPointError):
    """An op made a NaN or an infinity; the message names the op, its inputs and whether they were finite.

    >>> import minigrad as mg
    >>> with mg.check_finite():
    ...     mg.ops.standardize(mg.tensor([[5.0], [5.0]]), eps=0.0)  # a variance of 0
    Traceback (most recent call last):
    minigrad.finite.NonFiniteError: standardize made a NaN or infinity from float32 (2, 1) (finite)
    """


def require_finite(message: str, *tensors: Tensor) -> Tensor | None:
    """Raise NonFiniteError unless all numbers are finite; ``message`` is formatted with the Tensors' arrays.

    In a captured step on a GPU the host does not wait for the numbers. The result is then a Tensor of one
    bool, true if all are finite, for ``optimizer.step(gradients, where=...)``; the call after the next one or
    the step's ``check()`` raises the error. In all other cases the result is None.

    >>> import minigrad as mg
    >>> mg.require_finite("the loss is {}", mg.tensor(float("nan")))
    Traceback (most recent call last):
    minigrad.finite.NonFiniteError: the loss is nan
    """
    arrays = [t._data for t in tensors]
    check(_require_finite, message, *arrays)
    if mode().tracer is None or not any(on_gpu(a) for a in arrays):
        return None
    return all_finite(*tensors)


def all_finite(*tensors: Tensor) -> Tensor:
    """Whether all numbers are finite, as a Tensor of one bool, for ``optimizer.step(gradients, where=...)``.

    Unlike ``require_finite`` it raises nothing; read the result when it suits you.

    >>> import minigrad as mg
    >>> mg.all_finite(mg.ones(2), mg.tensor([0.0, float("inf")])).item()
    False
    """
    return Tensor(call(_all_finite, *[t._data for t in tensors]))


def check_result(op: str, y: Tensor, inputs: Sequence[Tensor]) -> None:
    """Raise NonFiniteError unless the result of ``op`` is finite, or let a captured step's replays do it."""
    if not y.is_float:
        return
    if mode().tracer is None or not on_gpu(y._data):
        described = tuple([describe(x) for x in inputs])
        check(_check_result, op, described, _finite, y._data, *[x._data for x in inputs])
    else:  # the host is sent whether they are finite, not the numbers
        seen = [x for x in inputs if on_gpu(x._data)]
        flags = [call(_all_finite, t._data) for t in (y, *seen)]
        check(_check_result, op, tuple([describe(x) for x in seen]), bool, *flags)


def _all_finite(*arrays: Array) -> Array:
    flags = [xp_of(a).isfinite(a) for a in arrays]
    finite, *others = [flag if flag.ndim == 0 else flag.all() for flag in flags]
    for other in others:
        finite = finite & other
    return as_array(finite)


def _check_result(
    name: str, described: Sequence[str], finite: Callable[[Array], bool], result: Array, *inputs: Array
) -> None:
    """Raise NonFiniteError unless ``result`` is ``finite``."""
    if not finite(result):
        pairs = zip(described, inputs, strict=True)
        state = [f"{words} ({'finite' if finite(array) else 'not finite'})" for words, array in pairs]
        raise NonFiniteError(f"{name} made a NaN or infinity from {', '.join(state)}")


def _require_finite(message: str, *arrays: Array) -> None:
    if any(on_gpu(a) for a in arrays):
        finite = all(numbers([xp_of(a).isfinite(a).all() for a in arrays]))
    else:
        finite = all(math.isfinite(a) if a.ndim == 0 else np.isfinite(a).all() for a in arrays)
    if not finite:
        raise NonFiniteError(message.format(*[to_device(a, "cpu") for a in arrays]))


def _finite(array: Array) -> bool:
    return bool(xp_of(array).isfinite(array).all())
