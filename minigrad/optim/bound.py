"""An optimizer's step from gradients that always lie in the same arrays, as those of a replay do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.backend import Array, noting_launches
from minigrad.tracing import Changes

if TYPE_CHECKING:
    from minigrad.optim.group import ParameterGroup, Part
    from minigrad.optim.optimizer import Optimizer

Launch = Callable[[], Any]


class BoundUpdate:
    """The step as launches of kernels that were noted once, and read each step's settings from an array.

    They are noted anew when the parameters or averages have moved, or a setting changed that chooses what the
    kernels do. Kernels that cannot be noted are called.
    """

    def __init__(self, optimizer: Optimizer, gradients: Sequence[Array]) -> None:
        self._optimizer = optimizer
        self._gradients = gradients
        self._versions = [p._version for p in optimizer.params]
        self._launches: list[tuple[ParameterGroup, Array, Launch]] = []
        self._memory: list[object] = []
        self._changes = -1
        self._switches: list[bool] = []

    def __call__(self) -> None:
        optimizer = self._optimizer
        optimizer._begin()
        if self._launches and self._holds():
            for group, array, launch in self._launches:
                array[...] = optimizer._settings(group)
                launch()
        else:
            self._note()
        for version in self._versions:
            version.increase()

    def _holds(self) -> bool:
        """Whether the launches are what the optimizer would do."""
        if self._changes != Changes.count:
            if any(now is not then for now, then in zip(self._found(), self._memory, strict=True)):
                return False
            if self._optimizer._switches() != self._switches:
                return False
            self._changes = Changes.count
        return True

    def _note(self) -> None:
        """Run the step, and note what it launches."""
        parts = self._optimizer._parts
        launches = [note for group, part in parts for note in self._noted(group, part)]
        self._launches = launches if len(launches) == len(parts) else []
        self._memory, self._changes = self._found(), Changes.count
        self._switches = self._optimizer._switches()

    def _noted(self, group: ParameterGroup, part: Part) -> list[tuple[ParameterGroup, Array, Launch]]:
        array = np.array(self._optimizer._settings(group), part.dtype)
        with noting_launches() as launches:
            gradients = [self._gradients[index] for index in part.indices]
            self._optimizer._update_part(group, part, array, *gradients)
        gathered = part.gathered.buffer is not None
        return [(group, array, launch) for launch in launches] if gathered else []

    def _found(self) -> list[object]:
        """What the launches are for, apart from the gradients."""
        return [
            found for _, part in self._optimizer._parts for found in (part.gathered.buffer, part.averages)
        ]
