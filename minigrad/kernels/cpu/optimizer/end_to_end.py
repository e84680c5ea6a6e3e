"""The arguments of an update's loops: parameters end to end in one array, their gradients where they lie."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from minigrad.kernels import launching
from minigrad.kernels.checks import check_gradient
from minigrad.kernels.cpu.runtime.compiling import DTYPES, checked, contiguous
from minigrad.types import Array, Gradients

NONE = {dtype: np.empty(0, dtype) for dtype in DTYPES}

CHUNK = 1 << 14  # elements of one iteration at most
SERIAL = 1 << 16  # elements below which starting the threads costs more than they save


@lru_cache(maxsize=64)
def segments_of(sizes: tuple[int, ...]) -> Array:
    """Rows (array, first element there, first element end to end, size) that cover arrays of ``sizes``."""
    places = np.cumsum((0, *sizes))
    rows = [
        (index, first, places[index] + first, min(CHUNK, size - first))
        for index, size in enumerate(sizes)
        for first in range(0, size, CHUNK)
    ]
    return np.array(rows, np.int64).reshape(-1, 4)


def run_update(
    name: str,
    alone: Callable[..., None],
    update: Callable[..., None],
    p: Array,
    g: Gradients,
    state: tuple[Array | None, ...],
    coefficients: Array,
    *flags: bool,
) -> None:
    """Check an update's arrays and launch it: ``alone`` on a small array, else ``update`` on segments."""
    gradients = [g] if isinstance(g, np.ndarray) else g
    checked(name, p, *gradients, *state)
    check_gradient(name, p, g)
    arguments: tuple[Any, ...]
    # an empty array stands for None
    own = [NONE[p.dtype] if a is None else _in_place(name, a, p) for a in (p, *state)]
    if math.isnan(coefficients[0]):
        return
    if len(gradients) == 1 and p.size < SERIAL:
        source = contiguous(gradients[0])
        in_place = source is gradients[0]
        update, arguments = alone, (own[0], source.reshape(-1), *own[1:], coefficients, *flags)
    else:
        sources = [contiguous(a) for a in gradients]
        in_place = all(a is b for a, b in zip(sources, gradients, strict=True))
        segments = segments_of(tuple([a.size for a in sources]))
        shares = 1 if p.size < SERIAL else len(segments)
        arguments = (shares, own[0], addresses_of(sources), segments, *own[1:], coefficients, *flags)
    if in_place:
        launching.launch(update, *arguments)
    else:
        with launching.lock:  # no launch to note: it reads copies
            update(*arguments)


def joined(arrays: Sequence[Array]) -> Array:
    """The arrays end to end; a single array is not copied."""
    if len(arrays) == 1:
        return contiguous(arrays[0]).reshape(-1)
    return np.concatenate(arrays, axis=None) if arrays else np.empty(0)


def addresses_of(arrays: Sequence[Array]) -> Array:
    """Where each array's first element lies."""
    return np.array([a.__array_interface__["data"][0] for a in arrays], np.uint64)


def _in_place(name: str, array: Array, p: Array) -> Array:
    if not array.flags.carray or array.shape != p.shape:
        raise ValueError(
            f"{name}: the parameter and its state are updated in place: expected writeable, C-contiguous "
            f"arrays of shape {p.shape}; got shape {array.shape}, writeable={array.flags.writeable}, "
            f"C-contiguous={array.flags.c_contiguous}"
        )
    return array.reshape(-1)
