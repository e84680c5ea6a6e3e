"""How much memory a GAN's step needs, in units of what its networks make: recorded, and as it replays."""

from __future__ import annotations

import tracemalloc

import numpy as np

from benchmarks.training import Side, start
from benchmarks.workloads import Step
from minigrad import Tensor

BATCH = 64

SMALL = Step("dcgan", BATCH, (1, 28, 28), features=8)
"""Its activations are much larger than its weights."""


def _side(*, captured: bool) -> Side:
    return Side(start(SMALL), captured=captured)


def _made_by(output: Tensor) -> list[int]:
    """The bytes of each array that ``output`` was computed from, views and leaves aside."""
    owners: dict[int, int] = {}
    ahead = [output]
    while ahead:
        t = ahead.pop()
        if t.op is not None:
            array = t.data if t.data.base is None else t.data.base
            owners[id(array)] = np.asarray(array).nbytes
            ahead += t.inputs
    return list(owners.values())


def _activations(side: Side) -> tuple[int, int]:
    """The bytes that G and two calls of D make, and those of the largest array."""
    G, D = side.networks
    real, z = side.batches[0]
    fake = G(z)
    made = [*_made_by(fake), *_made_by(D(real)), *_made_by(D(fake.detach()))]
    return sum(made), max(made)


def test_a_replay_needs_less_than_the_activations() -> None:
    side = _side(captured=True)
    for number in range(3):
        side.step(number)
    (recording,) = side.function._recordings
    every, _ = _activations(side)
    assert recording.program.size < every


def test_a_step_op_by_op_needs_hardly_more_than_the_activations() -> None:
    """A graph that stayed would take twice the largest beside them: D's, while G is differentiated."""
    side = _side(captured=False)
    side.step(0)
    every, largest = _activations(side)
    tracemalloc.start()
    try:
        side.step(1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < every + 0.75 * largest
