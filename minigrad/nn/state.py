"""The arrays of a state_dict: how they are checked against a module's, and copied into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from minigrad.arrays import is_array
from minigrad.devices import device_of, to_device
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = ["LoadResult", "array_of", "load"]


class LoadResult(NamedTuple):
    """What ``load_state_dict(..., strict=False)`` skipped: names missing in the state, and unexpected ones.

    >>> import minigrad as mg
    >>> layer = mg.nn.Linear(2, 1)
    >>> layer.load_state_dict({"weight": layer.weight.numpy(), "scale": layer.bias.numpy()}, strict=False)
    LoadResult(missing=['bias'], unexpected=['scale'])
    """

    missing: list[str]
    unexpected: list[str]


def load(
    module: str, entries: Sequence[tuple[str, Tensor | Array]], state: Mapping[str, Any], strict: bool
) -> LoadResult:
    """``Module.load_state_dict`` for a module's parameters and buffers; ``module`` is its name in errors."""
    if not isinstance(state, Mapping):
        raise TypeError(
            f"{module}.load_state_dict: expected a dict of arrays, got a "
            f"{type(state).__name__}; read a file by minigrad.load(path)"
        )
    names = dict.fromkeys(name for name, _ in entries)
    result = LoadResult(
        [name for name in names if name not in state], [name for name in state if name not in names]
    )
    problems = [f"missing key {name!r}" for name in result.missing if strict]
    problems += [f"unexpected key {name!r}" for name in result.unexpected if strict]
    loaded: list[tuple[Tensor | Array, Array]] = []
    for name, value in entries:
        if name in state:
            array, problem = _fit(name, array_of(value), state[name])
            problems += [problem] if problem else []
            loaded.append((value, array))
    if problems:
        more = f"; and {len(problems) - 6} more" if len(problems) > 6 else ""
        listed = "; ".join(problems[:6])
        raise ValueError(f"{module}.load_state_dict: {listed}{more} (the module is unchanged)")
    for value, array in loaded:
        target = array_of(value)
        target[...] = to_device(array, device_of(target))
        if isinstance(value, Tensor):
            value.changed()
    return result


def array_of(value: Tensor | Array) -> Array:
    """The array of a parameter; a buffer is an array itself."""
    return value.data if isinstance(value, Tensor) else value


def _fit(name: str, target: Array, value: Any) -> tuple[Array, str]:
    """``value`` as an array that can be copied into ``target``, and what is wrong with it, or ''."""
    if isinstance(value, Tensor):
        value = value.data
    try:
        array = value if is_array(value) else np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        return target, f"{name!r} cannot be read as an array ({error})"
    if array.shape != target.shape:
        return array, f"{name!r} has shape {array.shape}, expected {target.shape}"
    if not np.can_cast(array.dtype, target.dtype, "same_kind"):
        return array, f"{name!r} is {array.dtype}, expected {target.dtype}"
    return array, ""
