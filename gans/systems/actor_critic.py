"""Actor-critic: the two networks of a GAN, without the game (Pfau and Vinyals 2016).

An actor makes a point G(z), its action. The environment answers with a reward, here the log density of the
data around the point, with a kernel of width h over the batch of real points x_i:

    r(a) = log 1/n sum_i exp(-|a - x_i|^2 / 2 h^2)

    critic   min E (Q(a) - r(a))^2,   a = G(z) + noise         it learns what the environment says
    actor    max E Q(G(z))                                     its gradient flows through the critic

As in a GAN one network learns by the gradient of another, and never sees the data itself. The difference: D
learns to part samples from real points, so its score of a point depends on how many samples are there, and
G must spread. A critic's target does not depend on the actor. The actor has no reason to spread, and ends on
the points of the highest reward: one mode, or a few.

The actor's update is that of deterministic policy gradients (Silver et al. 2014, equation 9) without states.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import Spec
from gans.networks import mlp
from gans.systems.optimizing import TwoAdamSettings, adam
from gans.systems.sampling import in_batches
from gans.systems.settings import setting
from gans.systems.system import Ask, Made, System, Trainer
from gans.updates import descend, update
from gans.wholes import whole_batch
from minigrad import Tensor, nn, no_grad, tensor
from minigrad.ops import logsumexp, mean, mse_loss, square, sum
from minigrad.random import Generator, normal


@dataclass(frozen=True, kw_only=True)
class ActorCriticSettings(TwoAdamSettings):
    reach: float = setting(
        0.2, "h, the distance at which a real point is rewarding", above=0, metavar="LENGTH"
    )
    exploration: float = setting(0.3, "standard deviation of the noise on actions", least=0, metavar="STD")
    latent: int = setting(2, "length of the noise vector z", least=1, most=2**16)
    width: int = setting(128, "units of a hidden layer", least=1, most=2**14)
    depth: int = setting(2, "hidden layers", least=1, most=1_000)


class ActorCritic(System):
    name, title, paper = "actor-critic", "Actor-critic", "Pfau and Vinyals 2016"
    summary = "a GAN's two networks without the game: the critic's target does not depend on the actor"
    presets = {"points": ActorCriticSettings(batch_size=256, lr=1e-3, lr_ratio=2.0, lr_half_life=3000)}
    asks = ("truncation",)
    epochs = {"points": 10}
    data = "ring"
    averaged = ("actor",)
    judges_by_probability = False

    actor: nn.Module
    critic: nn.Module

    def __init__(self, settings: ActorCriticSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.optimizer_g = adam(settings, self.actor)
        self.optimizer_d = adam(settings, self.critic, times=settings.lr_ratio)

    @staticmethod
    def networks(settings: ActorCriticSettings, spec: Spec) -> dict[str, nn.Module]:
        size, width, depth = spec.shape[0], settings.width, settings.depth
        return {
            "actor": mlp.point_generator(settings.latent, size, width, depth),
            "critic": mlp.point_discriminator(size, width, depth),
        }

    def step(self, trainer: Trainer) -> None:
        trainer.update(self.update_critic, trainer.batch().real, trainer.rng)
        trainer.update(self.update_actor, trainer.rng)

    @update("critic", reports=("loss_d", "reward", "grad_norm_d"))
    def update_critic(self, real: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of the critic towards the rewards of actions around the actor's."""
        with no_grad():
            every = whole_batch(real)
            actions = self.actor(self.noise(len(real), self.settings.latent, rng))
            tried = actions + self.settings.exploration * normal(
                actions.shape, dtype=actions.dtype, generator=rng, device=self.device
            )
            rewards, reward = self.reward(tried, every), mean(self.reward(actions, every))
        loss = mse_loss(self.critic(tried), rewards)
        norm, _ = descend(loss, self.optimizer_d)
        return {"loss_d": loss, "reward": reward, "grad_norm_d": norm}

    @update("actor", reports=("loss_g", "grad_norm_g"))
    def update_actor(self, rng: Generator) -> dict[str, Tensor]:
        """One update of the actor: its gradient flows through the critic and stops at the actor's weights."""
        actions = self.actor(self.noise(self.batch_size, self.settings.latent, rng))
        loss = -mean(self.critic(actions))
        norm, _ = descend(loss, self.optimizer_g)
        return {"loss_g": loss, "grad_norm_g": norm}

    def reward(self, actions: Tensor, real: Tensor) -> Tensor:
        """r (n, 1) of actions (n, d) among real points (m, d)."""
        apart = sum(square(actions[:, None] - real[None]), axis=2)
        kernels = apart * (-0.5 / self.settings.reach**2)
        return logsumexp(kernels, axis=1, keepdims=True) - math.log(len(real))

    def logits(self, samples: Tensor, classes: Tensor | None = None) -> Tensor:
        return self.critic(samples)

    def loss_of_samples(self, fake: Tensor, real: Tensor) -> Tensor:
        return -mean(self.critic(fake))

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        return Made(in_batches(self.actor, self.latent(n, rng, ask.truncation)))

    def exported(self) -> nn.Module:
        return self.actor

    def judge(self, samples: Any) -> NDArray[np.float32]:
        """The critic's estimate of the reward of ``samples`` (n, d): (n,)."""
        with self.evaluating():
            return self.critic(tensor(samples, np.float32, self.device)).numpy().reshape(len(samples))
