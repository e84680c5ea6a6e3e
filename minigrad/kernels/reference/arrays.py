"""Helpers that every family uses for its arrays."""

from __future__ import annotations

from typing import TypeVar, cast

import numpy as np

from minigrad.kernels.checks import output
from minigrad.types import Array

Results = TypeVar("Results", bound=tuple[Array, ...])


def put(name: str, result: Array, out: Array | None) -> Array:
    """The result, C-contiguous, in ``out`` if there is one."""
    if out is None:
        return np.asarray(result, order="C")
    output(name, out, result.shape, result.dtype)[...] = result
    return out


def put_all(name: str, results: Results, out: Results | None) -> Results:
    """Each result as ``put`` gives it."""
    pairs = zip(results, out or (None,) * len(results), strict=True)
    return cast(Results, tuple(put(name, *pair) for pair in pairs))


def per_channel(a: Array, ndim: int) -> Array:
    """a (c,) with as many axes as it needs beside (n, c, ...) of ``ndim`` axes."""
    return a.reshape(-1, *(1,) * (ndim - 2))
