"""SeqGAN: sequences of tokens, by policy gradient (Yu et al. 2017).

A token is discrete, so no gradient flows from D through it into G. G is a policy instead: an LSTM that draws
the next token y_t after the tokens Y_1:t-1 and is rewarded by D's opinion of the sequence. A token's reward Q
is that of the sequences that begin with it, which a slower copy of G, the roll-out policy, completes:

    Q(t) = 1/N sum_n D(Y_1:t, completed by the roll-out policy)  for t < T,   Q(T) = D(Y_1:T)          (4)
    loss of G = -1/n sum sum_t log G(y_t | Y_1:t-1) (Q(t) - b(t))                                    (7, 8)
    loss of D = -mean log D(real) - mean log(1 - D(drawn by G))                                         (5)

b(t) is the mean of Q(t) over the batch, which leaves the expected gradient and takes most of its noise
(Williams 1992); the paper has none. Phases (algorithm 1): G by likelihood, D against that G, both in turn.

Published: 120 epochs of likelihood, 50 x 3 epochs of D at a rate of 1e-4, then 5 x 3 epochs of D for each
update of G at 0.01; D has kernels of 1 to 20 tokens with 100 to 200 features and an L2 penalty; 16
completions. The sizes here are for two cores, as is the default oracle, of 60 tokens: with one of 500,
a hundred updates by rewards hardly changed the likelihood by the oracle.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.data.spec import Spec
from gans.metrics.meaning import Meaning
from gans.networks.tokens import Classifier, Policy
from gans.objectives import binary_cross_entropy
from gans.steps import probabilities
from gans.systems.sampling import in_batches
from gans.systems.seqgan_settings import SeqGANSettings
from gans.systems.system import Ask, Made, System, Trainer
from gans.updates import descend, update
from gans.wholes import mean_of_batch
from minigrad import Tensor, nn, no_grad, ones, ops, tensor
from minigrad.optim import EMA, Adam
from minigrad.random import Generator

MEASURED = 10_000
"""Sequences of G as likelihood left it, of which ``nll_pretrained`` is the mean."""


class SeqGAN(System):
    name, title, paper = "seqgan", "SeqGAN", "Yu et al. 2017"
    summary = "an LSTM draws tokens and is rewarded by D's opinion of completed sequences"
    presets = {"sequences": SeqGANSettings()}
    epochs = {"sequences": 100}
    data = "oracle60"
    figure_meanings = {
        "nll_pretrained": Meaning(
            "the oracle's NLL of samples of G before any reward", "near real data", "measured"
        ),
        "nll_test": Meaning(
            "G's own NLL of the oracle's test sequences, nats a token", "lower", "test_sequences"
        ),
    }
    generator: Policy
    discriminator: Classifier

    def __init__(self, settings: SeqGANSettings, spec: Spec, device: str = "cpu") -> None:
        super().__init__(settings, spec, device)
        self.rollout = EMA(self.generator, settings.rollout_decay)
        self.pretrained = EMA(self.generator, 0.0)  # a copy, for the figures
        self.optimizer_likelihood = Adam(self.generator.parameters(), lr=settings.lr_likelihood)
        self.optimizer_g = Adam(self.generator.parameters(), lr=settings.lr)
        self.optimizer_d = Adam(self.discriminator.parameters(), lr=settings.lr_d)

    @staticmethod
    def networks(settings: SeqGANSettings, spec: Spec) -> dict[str, nn.Module]:
        sizes = spec.vocabulary, spec.shape[0]
        return {
            "generator": Policy(*sizes, settings.width),
            "discriminator": Classifier(*sizes, settings.features, settings.dropout),
        }

    @classmethod
    def batches_in_a_step(cls, settings: SeqGANSettings) -> int:
        return settings.critic_steps

    def step(self, trainer: Trainer) -> None:
        phase = self.settings.phase(trainer.step)
        if phase == "adversarial":
            trainer.update(self.update_generator, trainer.rng)
        for _ in range(self.settings.critic_steps):
            if phase == "likelihood":
                trainer.update(self.imitate, trainer.batch().real)
            else:
                trainer.update(self.update_discriminator, trainer.batch().real, trainer.rng)

    @update("likelihood", reports=("nll", "grad_norm_g"))
    def imitate(self, real: Tensor) -> dict[str, Tensor]:
        """One update of G by maximum likelihood of ``real`` (n, length); its copies follow."""
        nll = ops.mean(self.generator(real))
        descent = descend(nll, self.optimizer_likelihood)
        self.rollout.update(where=descent.finite)
        self.pretrained.update(where=descent.finite)
        return {"nll": nll, "grad_norm_g": descent.norm}

    @update("discriminator", reports=("loss_d", "d_real", "d_fake", "grad_norm_d"))
    def update_discriminator(self, real: Tensor, rng: Generator) -> dict[str, Tensor]:
        """One update of D on ``real`` (n, length) and on as many sequences of G."""
        with no_grad():
            fake = self.generator.sample(len(real), rng)
        on_real, on_fake = self.discriminator(real, rng), self.discriminator(fake, rng)
        loss = binary_cross_entropy(on_real, on_fake)
        descent = descend(loss, self.optimizer_d)
        return {"loss_d": loss, **probabilities(on_real, on_fake), "grad_norm_d": descent.norm}

    @update("generator", reports=("loss_g", "reward", "grad_norm_g"))
    def update_generator(self, rng: Generator) -> dict[str, Tensor]:
        """One update of G by the policy gradient; then the roll-out policy moves towards it."""
        with no_grad():
            tokens = self.generator.sample(self.batch_size, rng)
            rewards = self.rewards(tokens, rng)
        loss = self.policy_loss(tokens, rewards)
        descent = descend(loss, self.optimizer_g)
        self.rollout.update(where=descent.finite)
        return {"loss_g": loss, "reward": ops.mean(rewards[:, -1]), "grad_norm_g": descent.norm}

    def policy_loss(self, tokens: Tensor, rewards: Tensor) -> Tensor:
        """The loss of (8), from drawn tokens and their rewards, both (n, length)."""
        advantages = rewards - mean_of_batch(rewards, axis=0, keepdims=True)
        return ops.mean(ops.sum(self.generator(tokens) * advantages, axis=1))

    def rewards(self, tokens: Tensor, rng: Generator) -> Tensor:
        """Q of each token, (n, length): the mean reward of sequences that begin as far as that token."""
        copies = self.settings.rollouts
        completed = self.rollout.module.complete(tokens, copies, rng)
        early = [ops.mean(ops.reshape(self.judged(rows), (copies, -1)), axis=0) for rows in completed]
        return ops.stack([*early, self.judged(tokens)], axis=1)

    def judged(self, tokens: Tensor) -> Tensor:
        """The reward of each whole sequence (n, length): (n,)."""
        if self.settings.reward == "constant":
            return ones(len(tokens), device=self.device)
        return ops.reshape(ops.sigmoid(self.discriminator(tokens)), -1)

    def make(self, n: int, rng: Generator, ask: Ask) -> Made:
        return Made(self.drawn(self.generator, n, rng))

    @staticmethod
    def drawn(policy: Policy, n: int, rng: Generator) -> Any:
        """``n`` sequences of ``policy`` as an array, made 1,000 at a time."""
        return np.concatenate([policy.sample(min(1_000, n - i), rng).numpy() for i in range(0, n, 1_000)])

    def figures(self, data: Any, rng: Generator) -> dict[str, float]:
        before = data.nll(self.drawn(self.pretrained.module, MEASURED, rng))
        real = data.nll(data.sample(MEASURED, np.random.default_rng(0)))
        own = in_batches(self.generator, tensor(data.test(), device=self.device))
        return {
            "measured": MEASURED,
            "nll_pretrained": float(before.mean()),
            "real_nll_pretrained": float(real.mean()),
            "test_sequences": len(own),
            "nll_test": float(own.mean()),
        }
