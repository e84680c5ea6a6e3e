"""Numbers on which the ranks of a training agree, between two steps."""

from __future__ import annotations

import numpy as np

from minigrad.distributed import Communicator

__all__ = ["any_of", "greatest"]


def greatest(ranks: Communicator, number: int) -> int:
    """The greatest of the ranks' numbers.

    >>> from minigrad.distributed import Alone
    >>> greatest(Alone(), 3)
    3
    """
    return number if ranks.size == 1 else int(ranks.all_gather(np.array([number])).max())


def any_of(ranks: Communicator, flag: bool) -> bool:
    """Whether the flag is set on any of the ranks."""
    return bool(greatest(ranks, int(flag)))
