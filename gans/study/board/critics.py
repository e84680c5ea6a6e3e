"""A training of WGAN-GP on the line, with the critic's estimate and slope beside the exact distance."""

from __future__ import annotations

import numpy as np

from gans.metrics import wasserstein_1d
from gans.objectives import interpolate_gradient_norms
from gans.study.board.toys import samples, started
from gans.study.board.trial import Trial
from gans.systems.two_player import TwoPlayer
from gans.trainer import Record, Training
from minigrad import Tensor

__all__ = ["critic_training"]


def critic_training(trial: Trial) -> dict[str, list[float]]:
    """Curves over 300 steps: the exact W1, the critic's estimate and its mean slope between both sets."""
    training, toy = started(trial, "wgan-gp", "gaussian", width=64, depth=2, batch_size=128, penalty=1.0)
    real = toy.sample(2_000, np.random.default_rng(1))

    def look(training: Training, record: Record) -> dict[str, float]:  # noqa: ARG001  as it is called
        gan, fake = training.system, samples(training)
        assert isinstance(gan, TwoPlayer)
        on_real, on_fake = gan.judge(real), gan.judge(fake)
        assert on_real is not None
        assert on_fake is not None
        slopes = interpolate_gradient_norms(
            gan.discriminator, Tensor(real), Tensor(fake), np.random.default_rng(2)
        )
        return {
            "w1": wasserstein_1d(real, fake),
            "estimate": float(on_real.mean() - on_fake.mean()),
            "slope": float(slopes.numpy().mean()),
        }

    return trial.train(training, 300, look, every=10)
