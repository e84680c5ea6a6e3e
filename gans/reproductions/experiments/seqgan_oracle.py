"""SeqGAN on sequences of an oracle: how far rewards lower the likelihood's plateau (Yu et al. 2017, table 1).

Published: the oracle's negative log-likelihood of samples falls from 9.038 to 8.736. Another oracle has other
levels, so the drop alone can be compared. The published length is out of reach of two cores: D sees 15 epochs
of 10,000 sequences for each update of G. The row of the published sizes has one batch for each of these
epochs, clips no gradient of G, and ends after the 150 updates of G that the authors' README logs. Scaled rows
have a smaller oracle and the settings of ``gans train seqgan``.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from gans.data import SequenceData, load
from gans.reproductions.experiment import Experiment, Figure, Published, Row
from gans.reproductions.images import begun
from gans.reproductions.trial import Trial
from gans.systems import settings_for
from gans.systems.seqgan import SeqGAN
from minigrad.random import Generator

__all__ = ["SEQGAN_ORACLE"]

SAMPLES = 10_000

PUBLISHED: dict[str, Any] = {
    "lr_likelihood": 1e-2,
    "lr": 1e-2,
    "lr_d": 1e-4,
    "likelihood_steps": 120 * 156 // 15,
    "judging_steps": 150 * 156 // 15,
    "critic_steps": 15,
    "rollouts": 16,
    "features": 100,
}
"""120 epochs of likelihood and 150 of D: 156 batches of 64 each, 15 of them in a step of either."""

SCALED: dict[str, Any] = {"likelihood_steps": 200, "judging_steps": 40, "critic_steps": 5, "rollouts": 4}
ADVERSARIAL = {"oracle5000": 150, "oracle60": 200}
"""Updates of G by rewards, after the other phases."""


def run(data: str, chosen: dict[str, Any], trial: Trial) -> dict[str, float | None]:
    """Train through the three phases, and measure G before and after the rewards."""
    oracle = load(data)
    assert isinstance(oracle, SequenceData)
    settings = settings_for("seqgan", "sequences", batch_size=64, width=32, **phases(chosen, data, trial))
    training = begun(SeqGAN, settings, oracle, trial)
    trial.train(training, save_every=20)
    gan, rng = training.system, np.random.default_rng(12345)
    assert isinstance(gan, SeqGAN)
    with gan.evaluating():
        before = level(gan, oracle, gan.pretrained.module, rng)
        after = level(gan, oracle, gan.generator, rng)
    return {
        "before": before,
        "after": after,
        "drop": before - after,
        "entropy": float(oracle.nll(oracle.sample(SAMPLES, rng)).mean()),
    }


def phases(chosen: dict[str, Any], data: str, trial: Trial) -> dict[str, Any]:
    """The settings, with each phase as long as the trial's share of it."""
    share = trial.steps / length(chosen, data)
    shorter = {name: round(share * chosen[name]) for name in ("likelihood_steps", "judging_steps")}
    return {**chosen, **shorter}


def length(chosen: dict[str, Any], data: str) -> int:
    """The steps of the three phases."""
    return int(chosen["likelihood_steps"] + chosen["judging_steps"] + ADVERSARIAL[data])


def level(gan: SeqGAN, oracle: SequenceData, policy: Any, rng: Generator) -> float:
    """The oracle's mean negative log-likelihood of samples of ``policy``, nats a token."""
    return float(oracle.nll(gan.drawn(policy, SAMPLES, rng)).mean())


def row(label: str, data: str, chosen: dict[str, Any], minutes: float, drop: float | None = None) -> Row:
    """A row with an oracle and settings."""
    return Row(
        label,
        partial(run, data, chosen),
        {} if drop is None else {"drop": Published(drop)},
        {"oracle": data, **chosen},
        steps=length(chosen, data),
        least=50,
        minutes=minutes,
    )


SEQGAN_ORACLE = Experiment(
    title="SeqGAN: an oracle's likelihood of samples",
    paper="Yu et al. 2017, table 1",
    protocol=(
        "The oracle's mean negative log-likelihood of 10,000 samples, in nats a token, of G after maximum "
        "likelihood and after the rewards; their difference, the drop; and the same of the oracle's own "
        "sequences. The authors' oracle has other weights, so only the drop is beside theirs. D has a batch "
        "where theirs has an epoch, and convolutions of seven lengths with as many features each. A scaled "
        "row has the oracle of 60 tokens and sequences of 12. A constant reward can teach nothing: its drop "
        "is what chance gives."
    ),
    source="table 1 of the paper: 9.038 by maximum likelihood and 8.736 by SeqGAN, a drop of 0.302.",
    trials=3,
    settings={"generator": "LSTM of 32 units", "batch": 64, "baseline of the reward": "mean of the batch"},
    figures={
        "before": Figure("before rewards", 3),
        "after": Figure("after", 3),
        "drop": Figure("drop", 3),
        "entropy": Figure("the oracle's own", 3),
    },
    rows={
        "published": row("5,000 tokens, sequences of 20", "oracle5000", PUBLISHED, 4_000, 9.038 - 8.736),
        "scaled": row("scaled: 60 tokens, sequences of 12", "oracle60", SCALED, 4),
        "constant": row("scaled, a constant reward", "oracle60", {**SCALED, "reward": "constant"}, 4),
    },
)
