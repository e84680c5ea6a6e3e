"""Ranks as the threads of one process, for steps that are not captured: a replay holds a lock."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from minigrad.distributed import Communicator
from minigrad.types import Array


class Thread(Communicator):
    """A rank whose exchanges go through a list that all have."""

    def __init__(self, rank: int, meeting: threading.Barrier, table: list[Any]) -> None:
        super().__init__(rank, len(table))
        self._meeting = meeting
        self._table = table

    def all_gather_object(self, value: Any) -> list[Any]:
        self._table[self.rank] = value
        self._meeting.wait()
        values = list(self._table)
        self._meeting.wait()
        return values

    def _all_reduce(self, array: Array) -> None:
        array[...] = sum(self.all_gather_object(array.copy()))

    def _all_gather(self, array: Array) -> Array:
        return np.stack(self.all_gather_object(array.copy()))


def in_threads(count: int, function: Callable[[Communicator], Any]) -> list[Any]:
    """What ``function(communicator)`` returns on each of ``count`` ranks; raises what one of them raised."""
    meeting, table = threading.Barrier(count, timeout=60), [None] * count

    def run(rank: int) -> Any:
        try:
            return function(Thread(rank, meeting, table))
        except BaseException:
            meeting.abort()
            raise

    with ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(run, rank) for rank in range(count)]
    errors = [error for future in futures if (error := future.exception()) is not None]
    for error in errors:
        if not isinstance(error, threading.BrokenBarrierError):
            raise error
    return [future.result() for future in futures]
