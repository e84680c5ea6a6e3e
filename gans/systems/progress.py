"""The number of steps done, for samples of networks that change from phase to phase."""

from __future__ import annotations

import numpy as np

from gans.updates import State
from minigrad import Tensor

__all__ = ["Progress"]


class Progress(State):
    """How many steps a training has done: a part of the checkpoint, so that samples have its phase.

    >>> progress = Progress()
    >>> for _ in range(3):
    ...     progress.count()
    >>> progress.steps.item(), progress.last
    (3, 2)
    """

    def __init__(self, device: str = "cpu") -> None:
        super().__init__(device, steps=np.array(0))

    def count(self, *, where: Tensor | None = None) -> None:
        """One step more; with ``where``, only if that is true."""
        self.set("steps", self.steps + 1, where=where)

    @property
    def last(self) -> int:
        """The number of steps before the last one; 0 before the first."""
        return max(int(self.steps.item()) - 1, 0)
