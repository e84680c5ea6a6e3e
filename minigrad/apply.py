"""Functions of arrays applied to Tensors, without a derivative: into a new leaf, or in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.arrays import as_array
from minigrad.tensor import Tensor
from minigrad.tracing import call
from minigrad.types import Array

__all__ = ["constant", "modify"]


def constant(function: Callable[..., Any], *args: Any) -> Tensor:
    """A leaf that holds ``function(*args)``, computed on arrays; no gradient flows through it.

    A rule calls it for numbers that no op computes; a replay then computes them anew.
    """
    return Tensor(call(_as_array, function, *[a._data if isinstance(a, Tensor) else a for a in args]))


def _as_array(function: Callable[..., Any], *args: Any) -> Array:
    return as_array(function(*args))


def modify(t: Tensor, function: Callable[..., object], *args: Any) -> None:
    """Change a Tensor in place: ``function(t, *args)`` gets the arrays of Tensors and writes into the first.

    Graphs built before can no longer be differentiated. Inside a step of ``minigrad.capture`` this is the way
    to change weights apart from an optimizer. Every replay on the CPU calls ``function``; on a GPU only the
    making of the CUDA graph does: pass what changes from call to call in ``args``, as a Tensor.

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
