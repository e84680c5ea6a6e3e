"""Shares of a batch: which of its rows are this rank's."""

from __future__ import annotations

from minigrad.blocks import Block, Setting
from minigrad.types import Array

__all__ = ["in_parts", "own_rows", "parts"]

_parts: Setting[int] = Setting("parts of a batch", 1)


def in_parts(count: int) -> Block[int]:
    """Within the block, batches are ``count`` smaller ones, one after the other, of which each rank has rows.

    Such is a batch of real samples, then fakes, that pass a network together: a draw of shape (2 n, ...) is
    n rows for each half. Within another such block the numbers of parts are multiplied.
    """
    return _parts.changed(lambda parts: parts * count)


def own_rows(rows: Array, rank: int, size: int, parts: int) -> Array:
    """A copy of the rank's share of ``rows`` (parts size n, ...): (parts n, ...).

    Raises ValueError if they do not divide.

    >>> import numpy as np
    >>> own_rows(np.arange(8), rank=1, size=2, parts=1).tolist()
    [4, 5, 6, 7]
    >>> own_rows(np.arange(8), rank=1, size=2, parts=2).tolist()
    [2, 3, 6, 7]
    """
    if len(rows) % (parts * size):
        raise ValueError(f"{len(rows)} rows do not divide among {size} ranks in {parts} parts")
    cut: Array = rows.reshape(parts, size, -1, *rows.shape[1:])[:, rank]
    return cut.reshape(-1, *rows.shape[1:]).copy()


def parts() -> int:
    """The number of parts that batches have here."""
    return _parts.get()
