"""An optimizer's step for replays, whose gradients always lie in the same arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.kernels import launching
from minigrad.kernels.coefficients import Coefficients
from minigrad.optim.group import ParameterGroup, Part
from minigrad.tensor import Tensor
from minigrad.tracing import Changes
from minigrad.types import Array

Launch = Callable[[], Any]


class BoundUpdate:
    """The step as kernel launches, which are noted once and read each step's coefficients from arrays.

    The launches are noted again if the parameters or averages have moved, or if a setting changed that
    chooses what the kernels do. Kernels that cannot be noted are called.

    ``begin`` counts a step; ``coefficients`` returns the numbers of a group's step; ``switches`` returns the
    settings that choose what the kernels do; ``update`` updates a part of a group.
    """

    def __init__(
        self,
        params: Sequence[Tensor],
        gradients: Sequence[Array],
        parts: Sequence[tuple[ParameterGroup, Part]],
        *,
        begin: Callable[[], None],
        coefficients: Callable[[ParameterGroup], Coefficients],
        switches: Callable[[], list[bool]],
        update: Callable[..., None],
    ) -> None:
        self._gradients = gradients
        self._parts = parts
        self._begin = begin
        self._coefficients = coefficients
        self._switches = switches
        self._update = update
        self._versions = [p._version for p in params]
        self._launches: list[tuple[ParameterGroup, Array, Launch]] = []
        self._memory: list[object] = []
        self._changes = -1
        self._switched: list[bool] = []

    def __call__(self) -> None:
        self._begin()
        if self._launches and self._holds():
            for group, array, launch in self._launches:
                array[...] = self._coefficients(group)
                launch()
        else:
            self._note()
        for version in self._versions:
            version.increase()

    def _holds(self) -> bool:
        """Whether the noted launches are still those of the optimizer's step."""
        if self._changes != Changes.count:
            if any(now is not then for now, then in zip(self._found(), self._memory, strict=True)):
                return False
            if self._switches() != self._switched:
                return False
            self._changes = Changes.count
        return True

    def _note(self) -> None:
        """Run the step and note its launches."""
        launches = [note for group, part in self._parts for note in self._noted(group, part)]
        self._launches = launches if len(launches) == len(self._parts) else []
        self._memory, self._changes = self._found(), Changes.count
        self._switched = self._switches()

    def _noted(self, group: ParameterGroup, part: Part) -> list[tuple[ParameterGroup, Array, Launch]]:
        array = np.array(self._coefficients(group), part.dtype)
        with launching.noting() as launches:
            gradients = [self._gradients[index] for index in part.indices]
            self._update(group, part, array, *gradients)
        gathered = part.gathered.buffer is not None
        return [(group, array, each.call) for each in launches] if gathered else []

    def _found(self) -> list[object]:
        """The buffers and averages that the launches write, part after part."""
        return [found for _, part in self._parts for found in (part.gathered.buffer, part.averages)]
