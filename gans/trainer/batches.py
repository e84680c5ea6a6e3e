"""The real data of each step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data import Dataset, ImageData, epoch_order
from gans.errors import UserError

__all__ = ["TOY_EPOCH_STEPS", "Batches"]

TOY_EPOCH_STEPS = 500
"""A toy distribution has no end; this many steps are called an epoch."""


class Batches:
    """The real batches of a run.

    An epoch visits each image at most once, in an order that (seed, epoch) decides, and has as many steps as
    whole batches allow. Points are drawn anew from the run's generator.

    Raises UserError if one step needs more images than there are.
    """

    def __init__(self, data: Dataset, batch_size: int, critic_steps: int, seed: int) -> None:
        self.name = data.name
        self._data = data
        self._batch_size = batch_size
        self._critic_steps = critic_steps
        self._seed = seed
        self._epoch = -1
        self._order: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.steps_per_epoch = self._count_steps()

    def real(self, step: int, k: int, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float32]]:
        """The batch of D's update ``k`` within ``step``, both counted from 0; float32 (batch_size, ...)."""
        if not isinstance(self._data, ImageData):
            return self._data.sample(self._batch_size, rng)
        epoch, index = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, epoch_order(len(self._data.images), self._seed, epoch)
        start = (index * self._critic_steps + k) * self._batch_size
        return self._data.train(self._order[start : start + self._batch_size])

    def _count_steps(self) -> int:
        if not isinstance(self._data, ImageData):
            return TOY_EPOCH_STEPS
        images, per_step = len(self._data.images), self._batch_size * self._critic_steps
        if per_step > images:
            batches = "batch" if self._critic_steps == 1 else "batches"
            raise UserError(
                f"a step needs {self._critic_steps} {batches} of {self._batch_size} images, and "
                f"{self._data.name} has only {images}; lower `batch_size` or `critic_steps`"
            )
        return images // per_step
