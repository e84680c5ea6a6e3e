"""The real data of each step."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gans.data import Dataset, epoch_order
from gans.data.spec import KIND_WORDS
from gans.errors import UserError
from minigrad.distributed import Alone, Communicator

__all__ = ["TOY_EPOCH_STEPS", "Arrays", "Batches"]

ALONE = Alone()

TOY_EPOCH_STEPS = 500
"""A toy distribution has no end; this many steps are called an epoch."""


def repeated(n: int, seed: int, start: int, count: int) -> NDArray[np.int64]:
    """``count`` of n examples from place ``start`` on, in epochs one after the other, each in its own order.

    >>> repeated(3, 0, 0, 6).tolist(), repeated(3, 0, 2, 3).tolist()
    ([1, 2, 0, 0, 1, 2], [0, 0, 1])
    """
    epoch, place = divmod(start, n)
    orders = [epoch_order(n, seed, later, 1) for later in range(epoch, (start + count - 1) // n + 1)]
    return np.concatenate(orders)[place : place + count]


class Arrays(NamedTuple):
    """A batch on the host; the fields are those of ``gans.systems.Batch``."""

    real: NDArray[Any]
    labels: NDArray[np.int64] | None = None
    source: NDArray[Any] | None = None


class Batches:
    """The real batches of a run.

    An epoch visits each example at most once, in an order that (seed, epoch) decides, and has as many steps
    as whole batches allow. Two domains have an order each. The few images with labels have
    epochs of their own. Points are drawn anew from the run's generator. A rank of several gets its rows of
    each batch; all of them take the same orders and points.

    Raises UserError if one step needs more examples than there are.
    """

    def __init__(
        self, data: Dataset, batch_size: int, batches_per_step: int, seed: int, ranks: Communicator = ALONE
    ) -> None:
        self.name = data.name
        self._data: Any = data
        self._batch_size = batch_size
        self._per_step = batches_per_step
        self._seed = seed
        share = batch_size // ranks.size
        self._own = slice(ranks.rank * share, (ranks.rank + 1) * share)
        self._epoch = -1
        self._orders: list[NDArray[np.int64]] = []
        self.steps_per_epoch = self._count_steps()

    def batch(self, step: int, k: int, rng: np.random.Generator) -> Arrays:
        """Batch ``k`` of ``step``, both counted from 0."""
        data = self._data
        if data.kind == "points":
            return Arrays(data.sample(self._batch_size, rng)[self._own])
        epoch, index = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._epoch, self._orders = epoch, self._orders_of(epoch)
        start = (index * self._per_step + k) * self._batch_size
        chosen = [order[start : start + self._batch_size][self._own] for order in self._orders]
        if data.kind in ("pairs", "clips"):
            source, real = data.batch(chosen[0])
            return Arrays(real, source=source)
        if data.kind == "domains":
            labels = data.labels("a", chosen[0]).astype(np.int64)
            return Arrays(data.b(chosen[1]), labels if len(labels) else None, data.a(chosen[0]))
        if data.kind == "partial":
            first = (step * self._per_step + k) * self._batch_size
            few = repeated(data.count, self._seed, first, self._batch_size)[self._own]
            labelled, labels = data.labelled(few)
            return Arrays(data.train(chosen[0]), labels, labelled)
        if data.kind == "sequences":
            return Arrays(data.train(chosen[0]))
        labels = data.train_labels(chosen[0])
        return Arrays(data.train(chosen[0]), labels if len(labels) else None)

    def _sizes(self) -> list[int]:
        """The number of training examples, of each set."""
        if self._data.kind == "domains":
            return list(self._data.sizes)
        return [len(self._data)]

    def _orders_of(self, epoch: int) -> list[NDArray[np.int64]]:
        """The order of each set in this epoch; a further set has a stream of its own."""
        first, *others = self._sizes()
        orders = [epoch_order(first, self._seed, epoch)]
        return orders + [epoch_order(n, self._seed, epoch, i) for i, n in enumerate(others, 1)]

    def _count_steps(self) -> int:
        if self._data.kind == "points":
            return TOY_EPOCH_STEPS
        examples, per_step = min(self._sizes()), self._batch_size * self._per_step
        if per_step > examples:
            batches = "batch" if self._per_step == 1 else "batches"
            kind = "images" if self._data.kind == "partial" else KIND_WORDS[self._data.kind]
            fewer = "" if self._per_step == 1 else " or `critic_steps`"
            raise UserError(
                f"a step needs {self._per_step} {batches} of {self._batch_size} {kind}, and "
                f"{self._data.name} has only {examples}; lower `batch_size`{fewer}"
            )
        return examples // per_step
