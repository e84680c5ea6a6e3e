"""Faults of single cases of a benchmark: they are kept and reported, and the other cases are measured."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager


class Faults(dict[str, str]):
    """By case, the error that ended it."""

    @contextmanager
    def of(self, case: str) -> Iterator[None]:
        """Within the block an exception is noted for ``case``, and its traceback goes to stderr."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, it is in the record and in the exit status
            traceback.print_exc()
            self[case] = f"{type(error).__name__}: {error}"
