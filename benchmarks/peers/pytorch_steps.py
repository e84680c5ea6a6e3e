"""PyTorch's side of the training steps, eager: the functions of ``benchmarks.training`` in its own idiom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn.functional import softplus

from benchmarks import training
from benchmarks.peers.pytorch_networks import twin


def shared_fake_step(networks: Any, optimizers: Any, real: Any, z: Any, *_: Any) -> list[float]:
    """The non-saturating GAN's two updates from the same fakes."""
    G, D = networks
    fake = G(z)
    loss_d = softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()
    _update(optimizers.D, loss_d, D)
    loss_g = softplus(-D(fake)).mean()
    _update(optimizers.G, loss_g, G)  # D's weights get no gradient here
    return [loss_d.item(), loss_g.item()]


def critic_step(
    networks: Any, optimizers: Any, real: Any, z: Any, rng: np.random.Generator, weight: float
) -> list[float]:
    """WGAN-GP's update of the critic."""
    G, D = networks
    with torch.no_grad():
        fake = G(z)
    loss = D(fake).mean() - D(real).mean()
    t = torch.from_numpy(rng.random((len(real), *[1] * (real.ndim - 1))).astype(np.float32))
    between = (t * real + (1 - t) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(D(between).sum(), between, create_graph=True)
    norms = (slope.flatten(1).square().sum(1) + 1e-12).sqrt()
    loss = loss + weight * (norms - 1).square().mean()
    _update(optimizers.D, loss, D)
    return [loss.item()]


def _update(optimizer: Any, loss: Any, network: Any) -> None:
    optimizer.zero_grad()
    loss.backward(inputs=list(network.parameters()))
    optimizer.step()


STEPS: dict[Callable[..., Any], Callable[..., list[float]]] = {
    training.shared_fake_step: shared_fake_step,
    training.critic_step: critic_step,
}


class TorchSide:
    """A workload's training in PyTorch, from minigrad's first weights on the same batches."""

    def __init__(self, started: training.Start) -> None:
        settings, gan = started.gan.settings, started.gan
        self.networks = training.Networks(twin(gan.generator), twin(gan.discriminator))
        self.optimizers = training.Optimizers(
            *(
                torch.optim.Adam(network.parameters(), lr=own.lr, betas=own.betas, eps=own.eps)
                for network, own in zip(self.networks, (gan.optimizer_g, gan.optimizer_d), strict=True)
            )
        )
        self.function = STEPS[started.workload.step]
        self.batches = [(torch.from_numpy(real), torch.from_numpy(z)) for real, z in started.batches]
        self.rng = np.random.default_rng(2)
        self.penalty = settings.penalty

    def step(self, number: int) -> list[float]:
        """The step on the batch of this number."""
        real, z = self.batches[number % len(self.batches)]
        return self.function(self.networks, self.optimizers, real, z, self.rng, self.penalty)

    def weights(self) -> dict[str, Any]:
        """A copy of every weight and running statistic."""
        return {
            f"{part}.{name}": np.array(tensor.numpy())
            for part, network in self.networks._asdict().items()
            for name, tensor in network.state_dict().items()
        }

    def averages(self) -> dict[str, Any]:
        """A copy of Adam's running average of each gradient; zero before a parameter's first update."""
        return {
            f"{part}.{name}": np.array(
                optimizer.state[p].get("exp_avg", torch.zeros_like(p)).detach().numpy()
            )
            for part, optimizer in self.optimizers._asdict().items()
            for name, p in getattr(self.networks, part).named_parameters()
        }
