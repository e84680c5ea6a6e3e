"""PyTorch's side of the whole steps, eager: the functions of ``benchmarks.functions`` in its own idiom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn.functional import softplus

from benchmarks import functions
from benchmarks.peers.pytorch_networks import twin
from benchmarks.training import Start, start
from benchmarks.workloads import Step


def shared_fake_step(networks: Any, optimizers: Any, real: Any, z: Any, *_: Any) -> list[Any]:
    """The non-saturating GAN's two updates from the same fakes."""
    G, D = networks
    fake = G(z)
    loss_d = softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()
    _update(optimizers.D, loss_d, D)
    loss_g = softplus(-D(fake)).mean()
    _update(optimizers.G, loss_g, G)  # D's weights get no gradient here
    return [loss_d.detach(), loss_g.detach()]


def critic_step(networks: Any, optimizers: Any, real: Any, z: Any, t: Any, weight: float) -> list[Any]:
    """WGAN-GP's update of the critic; ``t`` are the places between real and fake images."""
    G, D = networks
    with torch.no_grad():
        fake = G(z)
    loss = D(fake).mean() - D(real).mean()
    between = (t * real + (1 - t) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(D(between).sum(), between, create_graph=True)
    norms = (slope.flatten(1).square().sum(1) + 1e-12).sqrt()
    loss = loss + weight * (norms - 1).square().mean()
    _update(optimizers.D, loss, D)
    return [loss.detach()]


def _update(optimizer: Any, loss: Any, network: Any) -> None:
    optimizer.zero_grad()
    loss.backward(inputs=list(network.parameters()))
    optimizer.step()


STEPS: dict[Callable[..., Any], Callable[..., list[Any]]] = {
    functions.shared_fake_step: shared_fake_step,
    functions.critic_step: critic_step,
}


def side(step: Step, device: str = "cpu") -> TorchSide | TorchSampler:
    """The work of a step: a training, or the sampling of a G."""
    started = start(step)
    return TorchSide(started, device) if started.workload.step else TorchSampler(started, device)


class TorchSide:
    """A workload's training in PyTorch, from minigrad's first weights on the same batches.

    ``called`` are the networks as the step calls them.
    """

    def __init__(self, started: Start, device: str = "cpu", **adam: bool) -> None:
        settings, gan = started.gan.settings, started.gan
        self.networks = functions.Networks(
            *(twin(network).to(device) for network in (gan.generator, gan.discriminator))
        )
        self.called = self.networks
        self.optimizers = functions.Optimizers(
            *(
                torch.optim.Adam(network.parameters(), lr=own.lr, betas=own.betas, eps=own.eps, **adam)
                for network, own in zip(self.networks, (gan.optimizer_g, gan.optimizer_d), strict=True)
            )
        )
        self.function = STEPS[started.workload.step]
        self.device = device
        self.batches = [
            tuple(torch.from_numpy(a).to(device) for a in (real, z)) for real, z in started.batches
        ]
        self.rng = np.random.default_rng(2)
        self.penalty = getattr(settings, "penalty", 0.0)  # WGAN-GP alone has one

    def step(self, number: int) -> list[Any]:
        """The step on the batch of this number; its losses, which a GPU has yet to compute."""
        return self.function(self.called, self.optimizers, *self.inputs(number), self.penalty)

    def inputs(self, number: int) -> tuple[Any, Any, Any]:
        """real and z, and for WGAN-GP's penalty a random place between each real and fake image."""
        real, z = self.batches[number % len(self.batches)]
        if self.function is not critic_step:
            return real, z, None
        t = self.rng.random((len(real), *[1] * (real.ndim - 1))).astype(np.float32)
        return real, z, torch.from_numpy(t).to(self.device)

    def weights(self) -> dict[str, Any]:
        """A copy of every weight and running statistic."""
        return {
            f"{part}.{name}": np.array(tensor.cpu().numpy())
            for part, network in self.networks._asdict().items()
            for name, tensor in network.state_dict().items()
        }

    def averages(self) -> dict[str, Any]:
        """A copy of Adam's running average of each gradient; zero before a parameter's first update."""
        return {
            f"{part}.{name}": np.array(
                optimizer.state[p].get("exp_avg", torch.zeros_like(p)).detach().cpu().numpy()
            )
            for part, optimizer in self.optimizers._asdict().items()
            for name, p in getattr(self.networks, part).named_parameters()
        }


class TorchSampler:
    """A workload's sampling in PyTorch: G in evaluation mode, images as NumPy's."""

    def __init__(self, started: Start, device: str = "cpu") -> None:
        self.called = twin(started.gan.generator).to(device).eval()
        self.z = [torch.from_numpy(z).to(device) for _, z in started.batches]

    def step(self, number: int) -> Any:
        """The images of the z of this number."""
        with torch.inference_mode():
            return self.called(self.z[number % len(self.z)]).cpu().numpy()
