"""Random Tensors, and the process-wide random generator.

Initial weights (``minigrad.nn.init``) and dropout masks draw from that generator. Its state is a small dict
of JSON values, so a checkpoint can hold it and a resumed run draws the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad.backend import Array, to_device
from minigrad.tensor import Tensor
from minigrad.tracing import call

__all__ = ["draw", "generator", "get_state", "manual_seed", "normal", "set_state", "uniform"]

_generator = np.random.Generator(np.random.PCG64())


def generator() -> np.random.Generator:
    """The process-wide generator. It is one object for the life of the process; seeding changes its state,
    not its identity.
    """
    return _generator


def manual_seed(seed: int) -> np.random.Generator:
    """Put the generator into the state that ``seed`` (an integer >= 0) defines, and return it.

    Before the first call the generator is seeded from the operating system.

    >>> float(manual_seed(3).random()) == float(manual_seed(3).random())
    True
    """
    _generator.bit_generator.state = np.random.PCG64(seed).state
    return _generator


def get_state() -> dict[str, Any]:
    """The generator's state as a dict of JSON values, for ``set_state``."""
    return dict(_generator.bit_generator.state)


def set_state(state: dict[str, Any]) -> None:
    """Go back to a state that ``get_state`` returned.

    Raises ValueError, and leaves the generator as it was, if ``state`` is not such a dict.
    """
    trial = np.random.PCG64()
    try:
        trial.state = state  # type: ignore[assignment]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"not a state of minigrad.random.get_state(): {error!r}") from error
    _generator.bit_generator.state = trial.state


def uniform(
    shape: int | tuple[int, ...],
    *,
    dtype: DTypeLike = np.float32,
    generator: np.random.Generator | None = None,
    device: str = "cpu",
) -> Tensor:
    """Numbers from the uniform distribution on [0, 1), drawn from ``generator`` or the process-wide one.

    ``dtype`` is float32 or float64. They are drawn on the CPU and moved to ``device``: the same on each.
    Inside a step of ``minigrad.capture`` each replay draws anew.
    """
    return draw(_uniform, generator or _generator, shape, dtype, device=device)


def normal(
    shape: int | tuple[int, ...],
    *,
    dtype: DTypeLike = np.float32,
    generator: np.random.Generator | None = None,
    device: str = "cpu",
) -> Tensor:
    """Numbers from N(0, 1), as ``uniform``."""
    return draw(_normal, generator or _generator, shape, dtype, device=device)


def draw(function: Callable[..., Array], *args: Any, device: str) -> Tensor:
    """What ``function(*args)`` draws on the CPU, moved to ``device``; each replay of a step draws anew."""
    array = call(function, *args)
    return Tensor(array if device == "cpu" else call(to_device, array, device))


def _uniform(
    generator: np.random.Generator, shape: int | tuple[int, ...], dtype: Any, *, out: Array | None = None
) -> Array:
    return np.asarray(generator.random(shape, dtype, out=out))


def _normal(
    generator: np.random.Generator, shape: int | tuple[int, ...], dtype: Any, *, out: Array | None = None
) -> Array:
    return np.asarray(generator.standard_normal(shape, dtype, out=out))
