"""Is the G at the end the only one?"""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import arms
from gans.study.board.toys import distance, ring8, started
from gans.study.board.trial import Trial
from gans.systems.two_player import TwoPlayer
from minigrad import tensor


def measure(trial: Trial) -> Numbers:
    """How far two trainings put one z apart, over the mean distance of two points of the data."""
    z, made, distances = np.random.default_rng(1).standard_normal((2_000, 2)), [], []
    for inner in range(2):
        one = Trial(2 * trial.seed + inner, trial.share, trial.stop)
        training, toy = started(one, "gan", ring8(), width=64, batch_size=128)
        one.train(training, 1_000)
        gan = training.system
        assert isinstance(gan, TwoPlayer)
        made.append(gan.generate(tensor(z, np.float32)))
        distances.append(distance(training, toy))
    points = toy.sample(2_000, np.random.default_rng(2))
    usual = np.linalg.norm(points[:1_000] - points[1_000:], axis=1).mean()
    apart = np.linalg.norm(made[0] - made[1], axis=1).mean()
    return {"apart": float(apart / usual), "distance": float(np.mean(distances))}


CLAIM = Claim(
    says="The game has one solution: G and D at the end are unique.",
    source="documents 002; unique are p_g and D* alone, Goodfellow et al. 2014, theorem 1",
    measured="how far two trained G put the same z from each other, over the mean distance of two points "
    "of the "
    "ring.",
    refuted_by="more than a tenth of that distance.",
    effect=Effect(name="apart", words="share of the distance of two points", at_most=0.1),
    measure=measure,
    picture=arms("share; sliced W1", {"apart": "two G apart", "distance": "samples to data"}),
)
