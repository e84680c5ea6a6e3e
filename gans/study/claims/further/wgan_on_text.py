"""A Wasserstein loss on tokens, which G makes as probabilities and D sees as such."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import minigrad as mg
from gans.networks.mlp import leaky, mlp
from gans.objectives import Objective, non_saturating_gan, wasserstein_gp
from gans.steps import discriminator_step, generator_step
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from minigrad import nn, no_grad, tensor
from minigrad.optim import Adam

TOKENS, LENGTH, NOISE, BATCH, STEPS, SENTENCES = 8, 6, 16, 64, 1_000, 2_000

Tokens = NDArray[np.int64]


def measure(trial: Trial) -> Numbers:
    """The distance of pairs of tokens from the data's: a GAN's, a WGAN-GP's, and counted transitions'."""
    rng = np.random.default_rng(trial.seed)
    chain = rng.dirichlet(np.full(TOKENS, 0.3), TOKENS)
    data, fresh = (_sentences(chain, SENTENCES, rng) for _ in range(2))
    counted = (_pairs(data) + 1e-9) / (_pairs(data) + 1e-9).sum(axis=1, keepdims=True)
    made = {
        "gan": _made(trial, non_saturating_gan(), 1, data, rng),
        "wgan": _made(trial, wasserstein_gp(10.0), 3, data, rng),
        "likelihood": _sentences(counted, SENTENCES, rng),
    }
    off = {name: float(np.abs(_pairs(one) - _pairs(fresh)).sum() / 2) for name, one in made.items()}
    return {"closed": (off["gan"] - off["wgan"]) / (off["gan"] - off["likelihood"]), **off}


def _sentences(chain: NDArray[np.float64], n: int, rng: np.random.Generator) -> Tokens:
    """``n`` sentences of a Markov chain from an even first token."""
    tokens = [rng.integers(TOKENS, size=n)]
    for _ in range(LENGTH - 1):
        tokens.append((rng.random((n, 1)) > chain[tokens[-1]].cumsum(axis=1)[:, :-1]).sum(axis=1))
    return np.stack(tokens, axis=1)


def _pairs(sentences: Tokens) -> NDArray[np.float64]:
    """The shares of neighbouring pairs of tokens, (8, 8)."""
    first, second = sentences[:, :-1].ravel(), sentences[:, 1:].ravel()
    counts = np.bincount(first * TOKENS + second, minlength=TOKENS**2)
    shares: NDArray[np.float64] = counts.reshape(TOKENS, TOKENS) / counts.sum()
    return shares


class Writer(nn.Module):
    """G: z (n, 16) -> probabilities of tokens (n, 48), each place's by softmax."""

    def __init__(self) -> None:
        self.logits = mlp((NOISE, 64, 64, LENGTH * TOKENS), nn.ReLU)

    def forward(self, z: mg.Tensor) -> mg.Tensor:
        rows = mg.ops.reshape(self.logits(z), (-1, TOKENS))
        return mg.ops.reshape(mg.ops.softmax(rows, axis=1), (len(z), LENGTH * TOKENS))


def _made(trial: Trial, objective: Objective, updates: int, data: Tokens, rng: np.random.Generator) -> Tokens:
    """Sentences of a G after its training, of the most probable tokens; D has so many updates a step."""
    mg.manual_seed(trial.seed)
    G, D = Writer(), mlp((LENGTH * TOKENS, 64, 64, 1), leaky)
    adam_g, adam_d = (Adam(net.parameters(), lr=1e-3, betas=(0.5, 0.9)) for net in (G, D))
    hot = np.eye(TOKENS, dtype=np.float32)[data].reshape(len(data), -1)
    for _ in range(trial.cut(STEPS)):
        trial.check()
        for _ in range(updates):
            real = tensor(hot[rng.integers(len(hot), size=BATCH)])
            discriminator_step(G, D, adam_d, objective, real, _noise(BATCH, rng), rng)
        generator_step(G, D, adam_g, objective, _noise(BATCH, rng))
    with no_grad():
        written = G(_noise(SENTENCES, rng)).numpy()
    return np.asarray(written.reshape(SENTENCES, LENGTH, TOKENS).argmax(axis=2))


def _noise(n: int, rng: np.random.Generator) -> mg.Tensor:
    return tensor(rng.standard_normal((n, NOISE)), np.float32)


CLAIM = Claim(
    says="A WGAN helps with text only a little.",
    source="documents 003",
    measured="the share of a GAN's excess, in the distance of pairs of tokens from the data's, over that of "
    "counted transitions, which WGAN-GP takes away; 1,000 steps on sentences of 6 tokens from a Markov "
    "chain, which G makes as probabilities.",
    refuted_by="more than a quarter.",
    effect=Effect(name="closed", words="share of the excess taken away", at_most=0.25),
    measure=measure,
    picture=arms(
        "distance of pairs of tokens", {"gan": "GAN", "wgan": "WGAN-GP", "likelihood": "counted\ntransitions"}
    ),
)
