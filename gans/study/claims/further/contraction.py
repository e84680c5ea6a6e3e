"""G contracts where the data are dense and stretches where they are rare."""

from __future__ import annotations

import numpy as np

from gans.data.toys import mixture
from gans.metrics import rank_correlation
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.densities import normal
from gans.study.board.pictures import curves
from gans.study.board.toys import started
from gans.study.board.trial import Trial
from gans.systems.two_player import TwoPlayer
from minigrad import tensor


def measure(trial: Trial) -> Numbers:
    """The rank correlation of log |dG/dz| with log of z's density over the data's at G(z)."""
    training, toy = started(
        trial, "gan", mixture((-2.0, 2.0), 0.7), width=32, batch_size=128, latent=1, lr_half_life=500
    )
    trial.train(training, 2_000)
    gan, z = training.system, np.linspace(-2, 2, 201)
    assert isinstance(gan, TwoPlayer)
    made = gan.generate(tensor(z[:, None], np.float32))
    slope = np.abs(np.gradient(made[:, 0].astype(np.float64), z))
    expected = normal(z) / np.exp(toy.log_density(made))
    return {
        "correlation": rank_correlation(np.log(slope + 1e-6), np.log(expected)),
        "z": z[::5].tolist(),
        "slope": (slope[::5] + 1e-3).tolist(),
        "expected": np.minimum(expected[::5], 100.0).tolist(),
    }


CLAIM = Claim(
    says="G contracts z where the data are dense and stretches it where they are rare: |dG/dz| = p(z)/p(x).",
    source="Goodfellow et al. 2014, figure 1; documents 004",
    measured="the rank correlation of |dG/dz| with p(z)/p(G(z)) after 2,000 steps on two Gaussians of the "
    "line.",
    refuted_by="a correlation below 0.5.",
    effect=Effect(name="correlation", words="rank correlation", at_least=0.5),
    measure=measure,
    picture=curves("z", "stretch", {"expected": "p(z)/p(x)", "slope": "|dG/dz|"}, over="z", log=True),
)
