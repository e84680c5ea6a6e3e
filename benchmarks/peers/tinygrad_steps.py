"""tinygrad's side of the whole steps: each is recorded once by its TinyJit and replayed."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from tinygrad import Device, Tensor, TinyJit

from benchmarks import functions
from benchmarks.peers import tinygrad_functions
from benchmarks.peers.functional import Functional
from benchmarks.training import Start, start
from benchmarks.workloads import Step


def _norm(x: Tensor, scale: Tensor, shift: Tensor, mean: Tensor, var: Tensor, eps: float) -> Tensor:
    places = (1, -1, *[1] * (x.ndim - 2))
    return (x - mean.reshape(places)) * ((var + eps).rsqrt() * scale).reshape(places) + shift.reshape(places)


OPS = SimpleNamespace(
    conv2d=lambda x, w, b, stride, padding: x.conv2d(w, b, 1, stride, 1, padding),
    conv_transpose2d=lambda x, w, b, stride, padding: x.conv_transpose2d(w, b, 1, stride, 1, padding),
    linear=lambda x, w, b: x @ w.T if b is None else x @ w.T + b,
    batch_norm=tinygrad_functions.normed,
    norm=_norm,
    leaky_relu=tinygrad_functions.leaky,
    tanh=lambda x: x.tanh(),
)


def side(step: Step) -> TinygradSide | TinygradSampler:
    """The work of a step: a training, or the sampling of a G."""
    started = start(step)
    return TinygradSide(started) if started.workload.step else TinygradSampler(started)


def _tensor(a: Any) -> Tensor:
    """Of at least one dimension: a replay does not assign to a number without any."""
    return tinygrad_functions.place(np.atleast_1d(a), "cpu")


class Network:
    """A network with its weights, running statistics and Adam's averages, which its methods change."""

    def __init__(self, network: Any, adam: Any) -> None:
        self.function, self.adam = Functional(network, OPS), adam
        self.weights = {name: _tensor(a) for name, a in self.function.weights.items()}
        self.statistics = {name: _tensor(a) for name, a in self.function.statistics.items()}
        self.m, self.v = (
            {name: _tensor(np.zeros_like(a)) for name, a in self.function.weights.items()} for _ in range(2)
        )
        self.t = _tensor(np.zeros(1, np.float32))

    def __call__(self, x: Tensor) -> Tensor:
        y, after = self.function(self.weights, self.statistics, x)
        for name, statistic in self.statistics.items():
            statistic.assign(after[name].detach().cast(statistic.dtype))
        return y

    def update(self, loss: Tensor) -> None:
        """Adam's update (Kingma and Ba 2015, algorithm 1)."""
        grads = loss.gradient(*self.weights.values())
        Tensor.realize(loss, *grads)  # before the weights that they are functions of change
        (beta1, beta2), lr, eps = self.adam.betas, self.adam.lr, self.adam.eps
        self.t.assign(self.t + 1)
        rate, second = lr / (1 - beta1**self.t), 1 - beta2**self.t
        for (name, p), g in zip(self.weights.items(), grads, strict=True):
            m = self.m[name].assign(beta1 * self.m[name] + (1 - beta1) * g)
            v = self.v[name].assign(beta2 * self.v[name] + (1 - beta2) * g * g)
            p.assign(p - rate * m / ((v / second).sqrt() + eps))
        Tensor.realize(*self.state())

    def shape_of(self, name: str) -> tuple[int, ...]:
        """The shape of a weight or statistic."""
        return {**self.function.weights, **self.function.statistics}[name].shape

    def state(self) -> list[Tensor]:
        """All that a step changes."""
        parts = (self.weights, self.statistics, self.m, self.v)
        return [self.t, *[tensor for part in parts for tensor in part.values()]]


def shared_fake_step(G: Network, D: Network, _: float, real: Tensor, z: Tensor, _t: Tensor) -> list[Tensor]:
    """The non-saturating GAN's two updates from the same fakes."""
    fake = G(z)
    given = fake.detach()
    loss_d = (-D(real)).softplus().mean() + D(given).softplus().mean()
    D.update(loss_d)
    loss_g = (-D(fake)).softplus().mean()
    G.update(loss_g)
    Tensor.realize(*D.state())
    return [loss_d, loss_g]


def critic_step(G: Network, D: Network, weight: float, real: Tensor, z: Tensor, t: Tensor) -> list[Tensor]:
    """WGAN-GP's update of the critic."""
    fake = G(z).detach()
    between = (t * real + (1 - t) * fake).contiguous()
    (slope,) = D(between).sum().gradient(between)
    norms = (slope.reshape(real.shape[0], -1).square().sum(1) + 1e-12).sqrt()
    loss = D(fake).mean() - D(real).mean() + weight * (norms - 1).square().mean()
    D.update(loss)
    Tensor.realize(*G.state())
    return [loss]


STEPS: dict[Callable[..., Any], Callable[..., list[Tensor]]] = {
    functions.shared_fake_step: shared_fake_step,
    functions.critic_step: critic_step,
}


class TinygradSide:
    """A workload's training in tinygrad, from minigrad's first weights on the same batches."""

    def __init__(self, started: Start) -> None:
        gan = started.gan
        self.networks = {
            "G": Network(gan.generator, gan.optimizer_g),
            "D": Network(gan.discriminator, gan.optimizer_d),
        }
        penalty = getattr(gan.settings, "penalty", 0.0)
        assert started.workload.step is not None
        function = STEPS[started.workload.step]
        self.function = TinyJit(lambda *batch: function(*self.networks.values(), penalty, *batch))
        self.batches = [tuple(map(_tensor, batch)) for batch in started.batches]
        self.rng = np.random.default_rng(2)

    def step(self, number: int) -> list[float]:
        """The step on the batch of this number; its losses."""
        real, z = self.batches[number % len(self.batches)]
        t = self.rng.random((real.shape[0], *[1] * (real.ndim - 1))).astype(np.float32)
        losses = self.function(real, z, _tensor(t))
        Device[Device.DEFAULT].synchronize()
        return [loss.item() for loss in losses]

    def weights(self) -> dict[str, Any]:
        """A copy of every weight and running statistic."""
        return {
            f"{part}.{name}": np.array(tensor.numpy()).reshape(network.shape_of(name))
            for part, network in self.networks.items()
            for name, tensor in {**network.weights, **network.statistics}.items()
        }

    def averages(self) -> dict[str, Any]:
        """A copy of Adam's running average of each gradient."""
        return {
            f"{part}.{name}": np.array(tensor.numpy())
            for part, network in self.networks.items()
            for name, tensor in network.m.items()
        }


class TinygradSampler:
    """A workload's sampling in tinygrad: G in evaluation mode, images as NumPy's."""

    def __init__(self, started: Start) -> None:
        G = Network(started.gan.generator, started.gan.optimizer_g)
        self.function = TinyJit(lambda z: G.function(G.weights, G.statistics, z, training=False)[0].realize())
        self.z = [_tensor(z) for _, z in started.batches]

    def step(self, number: int) -> Any:
        """The images of the z of this number."""
        return self.function(self.z[number % len(self.z)]).numpy()
