"""Where a run's random numbers come from, and their state as JSON values."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import random

__all__ = ["get_random_state", "random_stream", "set_random_state"]

_STREAMS = {"training": 1, "fixed noise": 2, "plots": 3, "samples": 4}


def random_stream(seed: int, name: str) -> np.random.Generator:
    """The generator that serves the purpose ``name`` in a run of ``seed``, independent of the others.

    A spawn key, unlike a second number in the seed, cannot meet the epochs' ``default_rng([seed, epoch])``.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_STREAMS[name],)))


def get_random_state(rng: np.random.Generator) -> dict[str, Any]:
    """The states of the run's generator and of minigrad's, as JSON values."""
    return {"run": dict(rng.bit_generator.state), "minigrad": random.get_state()}


def set_random_state(rng: np.random.Generator, state: dict[str, Any]) -> None:
    """Go back to a state from `get_random_state`."""
    rng.bit_generator.state = state["run"]
    random.set_state(state["minigrad"])
