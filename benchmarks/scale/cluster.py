"""A model of larger clusters: the time of a step on K ranks, from what a few processes measure.

    T(K, B) = a + b B / K + the seconds of all exchanges
    all_reduce of n bytes: 2 (K - 1) (L + n / (K W));  all_gather: (K - 1) (L + n / W)

a and b are a step's fixed seconds and those of a sample; L is the latency of a message, W the bytes in a
second between two ranks. It assumes that every rank sends to one other at a time, that all pairs have the
same L and W, that nothing overlaps, and that one rank is as fast as another (no stragglers).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from minigrad.distributed.mpi import SMALL

TENTH = 0.1


class Network(NamedTuple):
    """Seconds of a message, and bytes in a second, between two ranks."""

    name: str
    latency: float
    bandwidth: float


ASSUMED = (
    Network("10 Gb/s Ethernet (assumed)", 25e-6, 1.1e9),
    Network("100 Gb/s InfiniBand (assumed)", 2e-6, 11e9),
)


class Compute(NamedTuple):
    """Seconds of a step on one rank: those that any batch takes, and those of a sample."""

    fixed: float
    sample: float


def measured_network(seconds: Mapping[int, float]) -> Network:
    """L and W from the seconds of an all_reduce between two ranks by its bytes: 2 L + n / W.

    >>> measured_network({n: 2 * 5e-6 + n / 1e9 for n in (1024, 2**20, 2**24)}).bandwidth
    1000000000.0
    """
    sizes = np.array(sorted(seconds), float)
    times = np.array([seconds[int(size)] for size in sizes])
    weights = 1 / times  # the relative error counts, of small and of large ones
    slope, start = np.polyfit(sizes, times, 1, w=weights).tolist()
    return Network("measured here, shared memory", max(start, 0.0) / 2, round(1 / slope, 3))


def fitted(seconds: Mapping[int, float]) -> Compute:
    """The seconds of a step by its batch, as a straight line.

    >>> fitted({16: 0.03, 64: 0.09})
    Compute(fixed=0.01, sample=0.00125)
    """
    batches = sorted(seconds)
    sample, fixed = np.polyfit(batches, [seconds[batch] for batch in batches], 1)
    return Compute(round(max(float(fixed), 0.0), 9), round(float(sample), 9))


def communication(sizes: Sequence[int], ranks: int, network: Network) -> float:
    """The seconds of a step's exchanges, whose bytes are ``sizes``."""
    _, latency, bandwidth = network
    return sum(
        (ranks - 1) * (latency + size / bandwidth)
        if size <= SMALL
        else 2 * (ranks - 1) * (latency + size / (ranks * bandwidth))
        for size in sizes
    )


def share(sizes: Sequence[int], ranks: int, batch: int, compute: Compute, network: Network) -> float:
    """Communication's share of a step of ``batch`` samples on ``ranks``."""
    exchanged = communication(sizes, ranks, network)
    return exchanged / (exchanged + compute.fixed + compute.sample * batch / ranks)


def ranks_at_a_tenth(sizes: Sequence[int], batch: int, compute: Compute, network: Network) -> int | None:
    """The fewest ranks on which communication takes a tenth of the step; None up to one sample a rank."""
    for ranks in range(2, batch + 1):
        if batch % ranks == 0 and share(sizes, ranks, batch, compute, network) > TENTH:
            return ranks
    return None
