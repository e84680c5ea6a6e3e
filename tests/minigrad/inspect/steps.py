"""Steps that the tests of traces share: a small GAN, with and without a gradient penalty."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad as mg
from minigrad import nn, ops


class SmallGan:
    """G with batch norm and a D, their optimizers, and a step that updates both."""

    def __init__(self, *, penalty: bool = False) -> None:
        mg.manual_seed(3)
        self.G = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2), nn.Tanh())
        self.D = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
        self.optimizers = [mg.optim.Adam(net.parameters(), lr=0.01) for net in (self.G, self.D)]
        self.rng = np.random.default_rng(0)
        self.penalty = penalty

    @property
    def names(self) -> dict[str, Any]:
        return {"G": self.G, "D": self.D}

    def step(self) -> list[float]:
        dtype = self.D.parameters()[0].dtype
        real, z = (mg.random.normal((16, n), generator=self.rng).astype(dtype).detach() for n in (2, 4))
        with mg.no_grad():
            fake = self.G(z)
        loss_d = ops.mean(self.D(fake)) - ops.mean(self.D(real))
        if self.penalty:
            (slope,) = mg.grad(ops.sum(self.D(fake)), [fake], create_graph=True)
            loss_d = loss_d + 10.0 * ops.mean(ops.square(slope))
        self.optimizers[1].step(mg.grad(loss_d, self.D.parameters()))
        loss_g = -ops.mean(self.D(self.G(z)))
        self.optimizers[0].step(mg.grad(loss_g, self.G.parameters()))
        return [float(loss_d), float(loss_g)]

    def state(self) -> dict[str, Any]:
        states = {
            f"{name}.{key}": a for name, net in self.names.items() for key, a in net.state_dict().items()
        }
        return {**states, "random": self.rng.bit_generator.state}
