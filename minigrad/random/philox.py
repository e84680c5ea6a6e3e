"""Philox: a random generator whose state is a key and a counter on a device."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from minigrad.devices import device_of, to_device
from minigrad.tracing import not_in_capture, refuse_reading
from minigrad.types import Array

NAME = "Philox4x32-10"
"""The name of the generator in saved states."""

WORD, COUNTER = 2**64, 2**128
"""The number of keys and of streams, and the number of the counter's values."""


class Philox:
    """The counter-based random generator Philox4x32-10, on ``device``.

    ``minigrad.random.uniform`` and the other functions draw from it with the kernels of its device; nothing
    comes from the host. In a replay of ``minigrad.capture`` it draws as in the step itself, on a GPU in the
    CUDA graph. Equal states give the same numbers on each device: uniform ones and integers to the last bit,
    normal ones to rounding.

    ``seed`` is any integer >= 0: NumPy's SeedSequence makes the key from it. ``stream``, 0 <= stream < 2^64,
    is the upper half of the counter: the streams of a seed are independent, each with 2^66 float32 numbers.

    Raises ValueError for a seed or stream out of range, CaptureError inside a captured step, and as
    ``Tensor.to`` for the device. Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as
    1, 2, 3".

    >>> import minigrad as mg
    >>> rng, same, other = mg.random.Philox(7), mg.random.Philox(7), mg.random.Philox(7, stream=1)
    >>> [round(float(mg.random.uniform((), generator=g)), 4) for g in (rng, same, other)]
    [0.8604, 0.8604, 0.9764]
    """

    def __init__(self, seed: int, *, stream: int = 0, device: str = "cpu") -> None:
        not_in_capture("a Philox was made", "make it outside the step")
        seed, stream = operator.index(seed), operator.index(stream)
        if seed < 0:
            raise ValueError(f"the seed must be an integer >= 0, got {seed}")
        if not 0 <= stream < WORD:
            raise ValueError(f"the stream must be an integer from 0 to 2^64 - 1, got {stream}")
        (key,) = np.random.SeedSequence(seed).generate_state(1, np.uint64)
        self._state: Array = to_device(np.array([key, 0, stream], np.uint64), device)

    @property
    def state(self) -> Array:
        """The key, and the counter's lower and upper half: uint64 (3,), which changes in place."""
        return self._state

    @property
    def device(self) -> str:
        """The device on which it draws."""
        return device_of(self._state)

    def get_state(self) -> dict[str, Any]:
        """The state as a dict of JSON values, for ``set_state`` of a Philox on any device."""
        refuse_reading("the state of a Philox was read")
        key, low, high = to_device(self.state, "cpu").tolist()
        return {"bit_generator": NAME, "state": {"key": key, "counter": low + (high << 64)}}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Restore a state that ``get_state`` returned.

        Raises ValueError, and leaves the generator as it was, if ``state`` is not such a dict.
        """
        not_in_capture("the state of a Philox was set", "set it outside the step")
        numbers = np.array(_numbers_of(state), np.uint64)
        self.state[...] = to_device(numbers, self.device)

    def __repr__(self) -> str:
        return f"<Philox on {self.device}>"


Generator: TypeAlias = np.random.Generator | Philox
"""What random numbers can be drawn from."""


def _numbers_of(state: Any) -> tuple[int, int, int]:
    """Key and counter of a saved state; ValueError if it is none."""
    try:
        if state["bit_generator"] != NAME:
            raise ValueError(f"bit_generator is {state['bit_generator']!r}")
        key, counter = (operator.index(state["state"][name]) for name in ("key", "counter"))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a state of Philox.get_state(), of {NAME}: {error!r}") from error
    if not (0 <= key < WORD and 0 <= counter < COUNTER):
        raise ValueError(f"not a state of Philox.get_state(): key {key} or counter {counter} is out of range")
    return key, counter % WORD, counter // WORD
