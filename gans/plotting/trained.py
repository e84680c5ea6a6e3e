"""What the kinds of pictures see of a run: its system, its data, and streams of random numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import KIND_WORDS
from gans.errors import UserError
from gans.streams import random_stream
from gans.systems import Ask, Made, System
from gans.systems.sampling import in_batches
from gans.trainer import RunConfig, ask_of
from minigrad import Tensor, tensor
from minigrad.devices import to_device

__all__ = ["Trained"]

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]

REAL_POINTS = 2_500
"""The real points behind generated ones."""


@dataclass(frozen=True)
class Trained:
    """A run's system after ``step`` steps, as its ``checkpoint`` has it.

    ``load`` gives the run's data. ``average`` says whether averaged weights make samples, if there are any.
    """

    system: System
    config: RunConfig
    step: int
    checkpoint: Path
    load: Callable[[], Any]
    average: bool = True

    @cached_property
    def data(self) -> Any:
        """The run's data set."""
        return self.load()

    def title(self, what: str) -> str:
        """The picture's title."""
        return f"{self.config.title}, step {self.step:,}: {what}"

    def rng(self, seed: int) -> np.random.Generator:
        """The stream that samples of this seed come from."""
        return random_stream(seed, "samples")

    def latents(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """z (n, latent) from the prior."""
        return self.system.latent(n, rng).numpy().astype(np.float64)

    def images_of(self, z: NDArray[Any], classes: Integers | None = None) -> Floats:
        """Samples (n, ...) of z (n, latent), of ``classes`` (n,) where there are classes."""
        system: Any = self.system
        given = [] if classes is None else [Tensor(to_device(classes, system.device))]
        with system.evaluating(average=self.average):
            return in_batches(system.from_latent, np.asarray(z, np.float32), *given, device=system.device)

    def cycled(self, n: int) -> Integers | None:
        """Classes in turn, (n,), for a system that makes samples of classes; None for others."""
        if "classes" not in self.system.asks:
            return None
        return np.arange(n, dtype=np.int64) % self.system.classes

    def samples(self, n: int, seed: int, *, average: bool | None = None) -> Made:
        """``n`` samples as ``gans.sample`` draws them: the same for the same seed."""
        ask = ask_of(self.data, n) if "sources" in self.system.asks else Ask()
        chosen = self.average if average is None else average
        return self.system.sample(n, self.rng(seed), ask, average=chosen)

    def real_points(self) -> Floats:
        """Points of the data, (m, 2)."""
        points: Floats = self.data.sample(REAL_POINTS, random_stream(self.config.seed, "plots"))
        return points

    def training_images(self, rows: slice) -> Floats:
        """Training images of the set that samples should look like."""
        data = self.data
        if data.kind == "domains":
            return np.asarray(data.b(rows), np.float32)
        if data.kind == "pairs":
            return np.asarray(data.batch(rows)[1], np.float32)
        if data.kind not in ("image", "partial"):
            raise UserError(f"the run's data are {KIND_WORDS[data.kind]}, no images")
        return np.asarray(data.train(rows), np.float32)

    @property
    def training_count(self) -> int:
        """The number of those images."""
        return int(self.data.sizes[1]) if self.data.kind == "domains" else len(self.data)

    def tensor(self, array: NDArray[Any]) -> Tensor:
        """``array`` as a float32 Tensor on the system's device."""
        return tensor(array, np.float32, self.system.device)
