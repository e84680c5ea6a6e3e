"""What ranks compute, for test_same_run: a program that ``mpiexec`` starts; rank 0 prints JSON.

every       each system of SYSTEMS, and each trick, against one process
sizes       networks of their real kinds: float64, float32, local batch norm
bits        the digests of states, of every rank, captured and op by op
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

import minigrad as mg
from gans.data import load
from gans.data.spec import spec_of
from gans.systems import build, settings_for
from gans.systems.system import precision
from gans.trainer import Training
from minigrad import nn
from minigrad.distributed import Alone, Communicator, world
from tests.gans.systems.contract import advance, halves
from tests.gans.systems.test_every_system import CASES, REDUCED, TRICKS, data_of, options_of_case, system_of
from tests.states import flat

STEPS = 3

CASES_OF_RANKS = [
    (name, kind) for name, kind in CASES if kind != "image" or "points" not in system_of(name).presets
]
"""Of a system that takes points and images, the case of points; all of its tricks."""

Numbers = list[dict[str, float]]


def training(
    model: str, data: Any, ranks: Communicator, *, local: bool = False, capture: bool = False, **settings: Any
) -> Training:
    """A training before its first step, as one of ``ranks``."""
    chosen = settings_for(model, data.kind, **settings)
    mg.manual_seed(1)
    system = build(chosen, spec_of(data))
    for part in vars(system).values():
        if isinstance(part, nn.Module) and not local:
            nn.synchronised(part, ranks)
    return Training(system, data, seed=2, capture=capture, ranks=ranks)


def apart(numbers: Numbers, others: Numbers) -> float:
    """The largest difference of two runs' numbers, relative to them where they are above 1."""
    pairs = [(one[name], other[name]) for one, other in zip(numbers, others, strict=True) for name in one]
    return max(abs(x - y) / max(1.0, abs(x)) for x, y in pairs)


def compared(model: str, data: Any, steps: int, ranks: Communicator, **settings: Any) -> float:
    """How far the numbers of ``ranks`` are from those of one process, after as many ``steps``."""
    together = advance(training(model, data, ranks, **settings), steps)
    settings.pop("local", None)
    alone = advance(training(model, data, Alone(), **settings), steps) if ranks.rank == 0 else together
    return apart(alone, together)


def every(ranks: Communicator) -> dict[str, float]:
    """The differences of all systems, in float64, by the name of the case."""
    found = {}
    for name, kind in CASES_OF_RANKS:
        settings = {k: v for k, v in REDUCED.items() if k in options_of_case(name, kind)} | TRICKS.get(
            name, {}
        )
        with precision(np.float64):
            found[f"{name} {kind}"] = compared(
                system_of(name).name, data_of(name, kind), STEPS, ranks, **settings
            )
    return found


def sizes(ranks: Communicator) -> dict[str, float]:
    images, small = halves(256, side=28), {"batch_size": 16, "features": 8}
    found = {}
    with precision(np.float64):
        found["dcgan float64, 8 steps"] = compared("dcgan", images, 8, ranks, **small)
        found["dcgan float64, local"] = compared("dcgan", images, 1, ranks, local=True, **small)
    found["dcgan float32, 1 step"] = compared("dcgan", images, 1, ranks, **small)
    found["wgan-gp float32, 1 step"] = compared("wgan-gp", images, 1, ranks, critic_steps=1, **small)
    found["gan float32, 50 steps"] = compared("gan", load("ring"), 50, ranks, batch_size=64)
    return found


def bits(ranks: Communicator) -> dict[str, list[str]]:
    """The digest of the state after some steps, of each rank, by the way in which it was computed."""
    return {
        name: ranks.all_gather_object(_digest(training("dcgan", halves(96), ranks, capture=capture, **SMALL)))
        for name, capture in (("captured", True), ("again", True), ("op by op", False))
    }


SMALL = {"batch_size": 8, "features": 4, "latent": 4}


def _digest(training: Training) -> str:
    advance(training, STEPS)
    return hashlib.sha256(repr(sorted(flat(training.state_dict()).items())).encode()).hexdigest()


def main(name: str) -> Iterator[str]:
    ranks = world()
    assert ranks.size > 1, "mpiexec starts this program"
    found = {"every": every, "sizes": sizes, "bits": bits}[name](ranks)
    if ranks.rank == 0:
        yield json.dumps(found)


if __name__ == "__main__":
    for line in main(sys.argv[1]):
        print(line)
