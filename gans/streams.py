"""Streams of random numbers that a seed and a purpose decide, each independent of the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from minigrad import manual_seed, random

__all__ = ["STREAMS", "own_randomness", "random_stream"]

STREAMS = {"training": 1, "fixed noise": 2, "plots": 3, "samples": 4, "data": 5}
"""The number of each purpose."""


def random_stream(seed: int, name: str) -> np.random.Generator:
    """The generator that serves the purpose ``name`` in a run of ``seed``, independent of the others.

    A spawn key, unlike a second number in the seed, never gives the stream of an epoch's
    ``default_rng([seed, epoch])``.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(STREAMS[name],)))


@contextmanager
def own_randomness(seed: int) -> Iterator[None]:
    """A block in which minigrad's generator begins at ``seed``; afterwards it is where it was."""
    before = random.get_state()
    manual_seed(seed)
    try:
        yield
    finally:
        random.set_state(before)
