"""Communicators: how the processes of one training, its ranks, reach each other.

Each of K ranks computes the gradient of its share of a batch. Sums over the ranks make of it what one process
would have computed of the whole batch. The sums are taken in the order of the ranks, so that every rank has
the same bits, in every repeat.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from minigrad.blocks import Block, Setting
from minigrad.devices import xp_of
from minigrad.tracing import watch
from minigrad.types import Array

__all__ = ["Alone", "Communicator", "current", "using"]


class Communicator:
    """The ranks of a training as one of them sees them: itself is ``rank``, of ``size``.

    A subclass has ``_all_reduce`` and ``_all_gather``, for arrays, and ``all_gather_object`` and ``abort``.
    Every rank must call the same methods in the same order, since each of them waits for the others.
    """

    def __init__(self, rank: int, size: int) -> None:
        self.rank = rank
        self.size = size
        self._home = False

    def __deepcopy__(self, memo: object) -> Communicator:
        """Itself: a copy of a module that has a communicator reaches the same ranks."""
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: rank {self.rank} of {self.size}>"

    def all_reduce(self, array: Array) -> None:
        """Put the sum of the ranks' arrays into ``array``, of one shape and dtype on every rank.

        Raises ValueError unless it is contiguous.
        """
        if not array.flags.c_contiguous:
            raise ValueError("all_reduce: the array must be contiguous")
        if self._home:
            array *= self.size
        elif self.size > 1:
            self._all_reduce(array)

    def all_gather(self, array: Array) -> Array:
        """The arrays (k, ...) of all ranks in their order; they have one shape and dtype."""
        if self._home or self.size == 1:
            copies: Array = xp_of(array).concatenate([array[None]] * self.size)
            return copies
        return self._all_gather(array)

    def all_gather_object(self, value: Any) -> list[Any]:
        """The values of all ranks in their order; any that can be pickled. The host waits for them."""
        return [value] * self.size

    def abort(self, status: int) -> NoReturn:
        """End all ranks at once, with this exit status: for a failure that the others do not know of."""
        raise SystemExit(status)

    @contextmanager
    def at_home(self) -> Iterator[None]:
        """A block in which sums are taken as if every rank had what this one has: it waits for none.

        For work that one rank does alone, such as a picture of samples, or the search for a fault.
        """
        before, self._home = self._home, True
        try:
            yield
        finally:
            self._home = before

    def is_at_home(self) -> bool:
        """Whether a block of ``at_home`` is running."""
        return self._home

    def _all_reduce(self, array: Array) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not define _all_reduce(array)")

    def _all_gather(self, array: Array) -> Array:
        raise NotImplementedError(f"{type(self).__name__} does not define _all_gather(array)")


class Alone(Communicator):
    """A single process.

    >>> import numpy as np
    >>> x = np.float32([1, 2])
    >>> Alone().all_reduce(x)
    >>> x.tolist(), Alone().all_gather(x).tolist(), Alone().all_gather_object("x")
    ([1.0, 2.0], [[1.0, 2.0]], ['x'])
    """

    def __init__(self) -> None:
        super().__init__(0, 1)


_communicator: Setting[Communicator] = Setting("communicator", Alone())

current = _communicator.get
"""The communicator of the block that is running; ``Alone`` outside of all."""


def using(communicator: Communicator) -> Block[Communicator]:
    """Within the block this process is one rank of several.

    Random draws of shape (n, ...) are then the rank's n rows of what one process would draw for all of them,
    and ``ops.all_reduce`` and ``mean_over_ranks`` reach the other ranks unless a communicator is given.

    >>> current()
    <Alone: rank 0 of 1>
    """
    return _communicator.changed(lambda _: communicator)


def resolved(communicator: Communicator | None) -> Communicator:
    """``communicator``, or if it is None, ``current()``; a captured step depends on which and on its home."""
    if communicator is None:
        watch(current)
        communicator = current()
    watch(communicator.is_at_home)
    return communicator
