"""An optimizer's step from gradients that always lie in the same arrays, as those of a replay do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.backend import Array, noting_launches
from minigrad.tracing import Changes

if TYPE_CHECKING:
    from minigrad.optim.optimizer import Group, Optimizer

Launch = Callable[[], Any]


class BoundUpdate:
    """The step as launches of kernels that were noted once, and read each step's settings from an array.

    They are noted anew when the parameters or averages have moved, or a hyper-parameter other than the
    learning rate changed: it may choose what the kernels do. Kernels that cannot be noted are called.
    """

    def __init__(self, optimizer: Optimizer, gradients: Sequence[Array]) -> None:
        self._optimizer = optimizer
        self._gradients = gradients
        self._versions = [p._version for p in optimizer.params]
        self._launches: list[tuple[Array, Launch]] = []
        self._memory: list[object] = []
        self._changes = -1
        self._switches: list[object] = []

    def __call__(self) -> None:
        optimizer = self._optimizer
        optimizer.steps += 1
        settings = optimizer._settings()
        if self._launches and self._holds():
            for array, launch in self._launches:
                array[...] = settings
                launch()
        else:
            self._note(settings)
        for version in self._versions:
            version.increase()

    def _holds(self) -> bool:
        """Whether the launches are what the optimizer would do."""
        if self._changes != Changes.count:
            if any(now is not then for now, then in zip(self._found(), self._memory, strict=True)):
                return False
            self._changes = Changes.count
        return self._optimizer._switches() == self._switches

    def _note(self, settings: tuple[float, ...]) -> None:
        """Run the step, and note what it launches."""
        groups = self._optimizer._groups
        launches = [note for group in groups for note in self._noted(group, settings)]
        self._launches = launches if len(launches) == len(groups) else []
        self._memory, self._changes = self._found(), Changes.count
        self._switches = self._optimizer._switches()

    def _noted(self, group: Group, settings: tuple[float, ...]) -> list[tuple[Array, Launch]]:
        array = np.array(settings, group.dtype)
        with noting_launches() as launches:
            self._optimizer._update_group(group, array, *[self._gradients[index] for index in group.indices])
        gathered = group.gathered.buffer is not None
        return [(array, launch) for launch in launches] if gathered else []

    def _found(self) -> list[object]:
        """What the launches are for, apart from the gradients."""
        return [part for group in self._optimizer._groups for part in (group.gathered.buffer, group.averages)]
