"""A run's generators of random numbers, and their state as JSON values."""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.streams import STREAMS, random_stream
from minigrad import random
from minigrad.random import Generator, Philox

__all__ = ["RunGenerators"]


class RunGenerators:
    """The generators that a run's steps draw from: ``noise`` for latents and penalties, ``data`` for points.

    In a run that began on the CPU both are one generator of NumPy's. A run that began on a GPU has a Philox
    for the noise, on whatever device it goes on.
    """

    noise: Generator
    data: np.random.Generator

    def __init__(self, seed: int, device: str) -> None:
        self._device = device
        if device == "cpu":
            self.noise = self.data = random_stream(seed, "training")
        else:
            self.noise = Philox(seed, stream=STREAMS["training"], device=device)
            self.data = random_stream(seed, "data")

    def get_state(self) -> dict[str, Any]:
        """The states of the run's generators and of minigrad's, as JSON values."""
        data = dict(self.data.bit_generator.state)
        if isinstance(self.noise, Philox):
            return {"run": self.noise.get_state(), "data": data, "minigrad": random.get_state()}
        return {"run": data, "minigrad": random.get_state()}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go back to a state of ``get_state``, in a run that began on this device or on another one."""
        self.data.bit_generator.state = state.get("data", state["run"])
        if "data" not in state:
            self.noise = self.data
        else:
            if not isinstance(self.noise, Philox):
                self.noise = Philox(0, device=self._device)
            self.noise.set_state(state["run"])
        random.set_state(state["minigrad"])
