"""Functions of arrays applied to Tensors, without a derivative: into a new leaf, or in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.arrays import Array, as_array
from minigrad.tensor import Tensor
from minigrad.tracing import call

__all__ = ["constant", "modify"]


def constant(function: Callable[..., Any], *args: Any) -> Tensor:
    """``function`` of the arguments, Tensors as their arrays: a leaf, through which no gradient flows.

    What a rule takes from numbers without an op goes through here, so that a replay computes it anew.
    """
    return Tensor(call(_as_array, function, *[a._data if isinstance(a, Tensor) else a for a in args]))


def _as_array(function: Callable[..., Any], *args: Any) -> Array:
    return as_array(function(*args))


def modify(t: Tensor, function: Callable[..., object], *args: Any) -> None:
    """Change a Tensor in place: ``function(t, *args)``, which gets arrays for Tensors, writes into the first.

    Graphs built before can no longer be differentiated. Inside a step of ``minigrad.capture`` this is the way
    to change weights apart from an optimizer; ``function`` is called in every replay, on a GPU only while the
    graph is recorded: what changes from call to call must be among ``args``, in a Tensor.

    >>> import numpy as np
    >>> import minigrad as mg
    >>> w = mg.tensor([-3.0, 0.5])
    >>> mg.modify(w, lambda w, bound: np.clip(w, -bound, bound, out=w), 1.0)
    >>> w.numpy().tolist()
    [-1.0, 0.5]
    """
    call(_without_result, function, t._data, *[a._data if isinstance(a, Tensor) else a for a in args])
    t.changed()


def _without_result(function: Callable[..., object], *args: Any) -> None:
    function(*args)
