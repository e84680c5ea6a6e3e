"""Tables kept between calls, at most LIMIT bytes in all; the least recently used go first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, TypeVar, cast

import numpy as np

Table = TypeVar("Table", bound=tuple[Any, ...])

LIMIT = 1 << 25


class Shelf:
    """Results of functions by their arguments; new results replace those that were not used for longest."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def keeps(self, function: Callable[..., Table]) -> Callable[..., Table]:
        """The function, which returns a tuple of arrays and numbers, with its results kept.

        Results larger than the shelf are not kept. Memory that two results share is counted twice.
        """

        @wraps(function)
        def kept(*arguments: Hashable) -> Table:
            key = function, *arguments
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return cast(Table, self._kept[key][0])
            result = function(*arguments)
            self._keep(key, result, sum(part.nbytes for part in result if isinstance(part, np.ndarray)))
            return result

        return kept

    def _keep(self, key: Hashable, result: Any, size: int) -> None:
        with self._lock:
            if key in self._kept or size > self.limit:
                return
            self._kept[key] = result, size
            self.bytes += size
            while self.bytes > self.limit:
                self.bytes -= self._kept.popitem(last=False)[1][1]


shelf = Shelf(LIMIT)
