"""Faults of single cases of a benchmark: each is kept and reported, and the other cases are measured."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager


class Faults(dict[str, str]):
    """The errors of the cases that failed, by case."""

    @contextmanager
    def of(self, case: str) -> Iterator[None]:
        """Within the block an exception is noted for ``case``, and its traceback goes to stderr."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - it goes into the record and the exit status
            traceback.print_exc()
            self[case] = f"{type(error).__name__}: {error}"
