"""minigrad's side of the whole steps: a common start for all sides, training, and sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import minigrad as mg
from benchmarks.functions import Networks, Optimizers
from benchmarks.workloads import WORKLOADS, Step, Workload
from gans.systems.two_player import TwoPlayer
from minigrad import Tensor
from minigrad.devices import to_device

BATCHES = 8
"""Batches that the timed steps use in a cycle, drawn beforehand on every side."""


@dataclass
class Start:
    """The common start of all sides: the GAN with its first weights, and batches of (real, z)."""

    workload: Workload
    gan: TwoPlayer
    batches: list[tuple[Any, Any]]


def start(step: Step, device: str = "cpu") -> Start:
    """The same start in every process and on every device."""
    mg.manual_seed(0)
    gan = step.system(device)
    rng = np.random.default_rng(1)
    batches = [
        (
            np.tanh(rng.standard_normal((step.batch, *step.shape), np.float32)),
            np.array(gan.latent(step.batch, rng).numpy()),
        )
        for _ in range(BATCHES)
    ]
    return Start(WORKLOADS[step.workload], gan, batches)


def side(step: Step, device: str = "cpu") -> Side | Sampler:
    """The work of a step on minigrad's side, captured as a training captures it."""
    started = start(step, device)
    return Side(started) if started.workload.step else Sampler(started)


class Side:
    """minigrad's training: ``step`` is the workload's function, captured or op by op."""

    def __init__(self, started: Start, *, captured: bool = True) -> None:
        function = started.workload.step
        assert function is not None
        self.name = started.workload.name
        self.networks = Networks(started.gan.generator, started.gan.discriminator)
        self.optimizers = Optimizers(started.gan.optimizer_g, started.gan.optimizer_d)
        self.objective = started.gan.objective
        device = started.gan.device
        self.function = mg.capture(function) if captured else function
        self.batches = [tuple(mg.tensor(a, device=device) for a in batch) for batch in started.batches]
        self.rng = np.random.default_rng(2)

    def step(self, number: int) -> list[Tensor]:
        """The step on the batch of this number; its losses, which a GPU has yet to compute."""
        real, z = self.batches[number % len(self.batches)]
        arguments = (self.networks, self.optimizers, self.objective, real, z, self.rng)
        losses: list[Tensor] = self.function(*arguments)
        return losses

    def weights(self) -> dict[str, Any]:
        """A copy of every weight and running statistic."""
        return {
            f"{part}.{name}": np.array(to_device(array, "cpu"))
            for part, network in self.networks._asdict().items()
            for name, array in network.state_dict().items()
        }

    def averages(self) -> dict[str, Any]:
        """A copy of Adam's running average of each gradient."""
        return {
            f"{part}.{name}": np.array(to_device(m, "cpu"))
            for part, network in self.networks._asdict().items()
            for (name, _), m in zip(
                network.named_parameters(), getattr(self.optimizers, part).averages["m"], strict=True
            )
        }


class Sampler:
    """minigrad's sampling, as ``gans sample`` does it: G is put into evaluation mode and replayed, and back
    into training mode; images as NumPy's.
    """

    def __init__(self, started: Start) -> None:
        self.gan = started.gan
        self.z = [mg.tensor(z, device=started.gan.device) for _, z in started.batches]

    def step(self, number: int) -> Any:
        """The images of the z of this number."""
        return self.gan.generate(self.z[number % len(self.z)])
