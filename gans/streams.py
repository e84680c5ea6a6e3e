"""Streams of random numbers that a seed and a purpose decide, each independent of the others."""

from __future__ import annotations

import numpy as np

__all__ = ["STREAMS", "random_stream"]

STREAMS = {"training": 1, "fixed noise": 2, "plots": 3, "samples": 4, "data": 5}
"""The number of each purpose."""


def random_stream(seed: int, name: str) -> np.random.Generator:
    """The generator that serves the purpose ``name`` in a run of ``seed``, independent of the others.

    A spawn key, unlike a second number in the seed, never gives the stream of an epoch's
    ``default_rng([seed, epoch])``.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(STREAMS[name],)))
