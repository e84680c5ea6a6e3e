"""JAX's side of the whole steps: each is one compiled function of weights, statistics and averages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.nn import softplus

from benchmarks import functions
from benchmarks.peers import jax_functions
from benchmarks.peers.functional import Functional
from benchmarks.training import Start, start
from benchmarks.workloads import Step
from minigrad.kernels.geometry import Geometry

State = dict[str, Any]


def _conv(x: Any, w: Any, b: Any, stride: Any, padding: Any) -> Any:
    return _biased(jax_functions.convolved(x, w, Geometry(stride, padding)), b)


def _conv_transpose(x: Any, w: Any, b: Any, stride: Any, padding: Any) -> Any:
    size = [
        (side - 1) * s - 2 * p + k
        for side, s, p, k in zip(x.shape[2:], stride, padding, w.shape[2:], strict=True)
    ]
    return _biased(jax_functions.transposed(x, w, size, Geometry(stride, padding)), b)


def _biased(y: Any, b: Any) -> Any:
    return y if b is None else y + b[:, None, None]


def _norm(x: Any, scale: Any, shift: Any, mean: Any, var: Any, eps: float) -> Any:
    places = (slice(None), *[None] * (x.ndim - 2))
    return (x - mean[places]) * (lax.rsqrt(var + eps) * scale)[places] + shift[places]


OPS = SimpleNamespace(
    conv2d=_conv,
    conv_transpose2d=_conv_transpose,
    linear=lambda x, w, b: x @ w.T if b is None else x @ w.T + b,
    batch_norm=jax_functions.normed,
    norm=_norm,
    leaky_relu=jax_functions.leaky,
    tanh=jnp.tanh,
)


def side(step: Step) -> JaxSide | JaxSampler:
    """The work of a step: a training, or the sampling of a G."""
    started = start(step)
    return JaxSide(started) if started.workload.step else JaxSampler(started)


def adam(own: Any, state: State, grads: Any) -> State:
    """Adam's update (Kingma and Ba 2015, algorithm 1) of a network's state."""
    (beta1, beta2), t = own.betas, state["t"] + 1
    m = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, state["m"], grads)
    v = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, state["v"], grads)
    rate, second = own.lr / (1 - beta1**t), 1 - beta2**t
    weights = jax.tree.map(
        lambda p, m, v: p - rate * m / (jnp.sqrt(v / second) + own.eps), state["weights"], m, v
    )
    return {**state, "weights": weights, "m": m, "v": v, "t": t}


def shared_fake_step(G: Functional, D: Functional, adams: Any, _: float, states: Any, *batch: Any) -> Any:
    """The non-saturating GAN's two updates from the same fakes."""
    (g, d), (real, z, _t) = states, batch
    fake, back, g_stats = jax.vjp(lambda w: G(w, g["statistics"], z), g["weights"], has_aux=True)

    def loss_of_d(weights: Any) -> Any:
        on_real, stats = D(weights, d["statistics"], real)
        on_fake, stats = D(weights, stats, fake)
        return softplus(-on_real).mean() + softplus(on_fake).mean(), stats

    (loss_d, stats), grads = jax.value_and_grad(loss_of_d, has_aux=True)(d["weights"])
    d = adam(adams.D, {**d, "statistics": stats}, grads)

    def loss_of_g(fake: Any) -> Any:
        on_fake, stats = D(d["weights"], d["statistics"], fake)
        return softplus(-on_fake).mean(), stats

    (loss_g, stats), g_fake = jax.value_and_grad(loss_of_g, has_aux=True)(fake)
    g = adam(adams.G, {**g, "statistics": g_stats}, back(g_fake)[0])
    return (g, {**d, "statistics": stats}), [loss_d, loss_g]


def critic_step(G: Functional, D: Functional, adams: Any, weight: float, states: Any, *batch: Any) -> Any:
    """WGAN-GP's update of the critic; its critic has no statistics."""
    (g, d), (real, z, t) = states, batch
    fake, g_stats = G(g["weights"], g["statistics"], z)

    def loss_of(weights: Any) -> Any:
        def critic(x: Any) -> Any:
            return D(weights, {}, x)[0]

        slope = jax.grad(lambda x: critic(x).sum())(t * real + (1 - t) * fake)
        norms = jnp.sqrt(jnp.square(slope.reshape(len(real), -1)).sum(1) + 1e-12)
        return critic(fake).mean() - critic(real).mean() + weight * jnp.square(norms - 1).mean()

    loss, grads = jax.value_and_grad(loss_of)(d["weights"])
    return ({**g, "statistics": g_stats}, adam(adams.D, d, grads)), [loss]


STEPS: dict[Callable[..., Any], Callable[..., Any]] = {
    functions.shared_fake_step: shared_fake_step,
    functions.critic_step: critic_step,
}


class JaxSide:
    """A workload's training in JAX, from minigrad's first weights on the same batches."""

    def __init__(self, started: Start) -> None:
        gan = started.gan
        networks = [Functional(network, OPS) for network in (gan.generator, gan.discriminator)]
        adams = functions.Optimizers(gan.optimizer_g, gan.optimizer_d)
        settings = functions.Optimizers(
            *(SimpleNamespace(lr=own.lr, betas=own.betas, eps=own.eps) for own in adams)
        )
        penalty = getattr(gan.settings, "penalty", 0.0)
        assert started.workload.step is not None
        self.penalised = started.workload.step is functions.critic_step
        self.function = jax.jit(
            partial(STEPS[started.workload.step], *networks, settings, penalty), donate_argnums=0
        )
        self.states = tuple(_first(network) for network in networks)
        self.batches = [tuple(map(jnp.asarray, batch)) for batch in started.batches]
        self.rng = np.random.default_rng(2)

    def step(self, number: int) -> list[Any]:
        """The step on the batch of this number; its losses."""
        real, z = self.batches[number % len(self.batches)]
        t = None
        if self.penalised:
            t = self.rng.random((len(real), *[1] * (real.ndim - 1))).astype(np.float32)
        self.states, losses = jax.block_until_ready(self.function(self.states, real, z, t))
        return list(losses)

    def weights(self) -> dict[str, Any]:
        """A copy of every weight and running statistic."""
        return {
            f"{part}.{name}": np.array(a)
            for part, state in zip("GD", self.states, strict=True)
            for name, a in {**state["weights"], **state["statistics"]}.items()
        }

    def averages(self) -> dict[str, Any]:
        """A copy of Adam's running average of each gradient."""
        return {
            f"{part}.{name}": np.array(a)
            for part, state in zip("GD", self.states, strict=True)
            for name, a in state["m"].items()
        }


class JaxSampler:
    """A workload's sampling in JAX: G in evaluation mode, images as NumPy's."""

    def __init__(self, started: Start) -> None:
        G = Functional(started.gan.generator, OPS)
        self.state = _first(G)
        self.function = jax.jit(lambda w, s, z: G(w, s, z, training=False)[0])
        self.z = [jnp.asarray(z) for _, z in started.batches]

    def step(self, number: int) -> Any:
        """The images of the z of this number."""
        z = self.z[number % len(self.z)]
        return np.asarray(self.function(self.state["weights"], self.state["statistics"], z))


def _first(network: Functional) -> State:
    weights, statistics = (jax.tree.map(jnp.asarray, a) for a in (network.weights, network.statistics))
    zeros = [jax.tree.map(jnp.zeros_like, weights) for _ in range(2)]
    return {"weights": weights, "statistics": statistics, "m": zeros[0], "v": zeros[1], "t": jnp.zeros(())}
