"""Each axis of z changes several properties of a sample."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import arms
from gans.study.board.toys import grid25, started
from gans.study.board.trial import Trial
from gans.systems.two_player import TwoPlayer
from minigrad import tensor

STEP = 1e-2


def measure(trial: Trial) -> Numbers:
    """How far each axis of z moves samples along one axis of the data: the larger share of its move."""
    training, _ = started(trial, "gan", grid25(), width=64, batch_size=128)
    trial.train(training, 1_500)
    gan, z = training.system, np.random.default_rng(1).standard_normal((1_000, 2))
    assert isinstance(gan, TwoPlayer)
    here, shares = gan.generate(tensor(z, np.float32)), []
    for axis in range(2):
        moved = gan.generate(tensor(z + STEP * (np.arange(2) == axis), np.float32)) - here
        length = np.linalg.norm(moved, axis=1)
        held = length > 1e-6
        shares.append(float((np.abs(moved[held]).max(axis=1) / length[held]).mean()))
    return {"alignment": float(np.mean(shares)), "first": shares[0], "second": shares[1], "random": 0.9003}


CLAIM = Claim(
    says="The axes of z are entangled: none has a meaning of its own.",
    source="documents 000 and 003; Chen et al. 2016, section 1",
    measured="how far a step along one axis of z moves samples along one axis of the grid, as a share of the "
    "move: 1 for an axis with one meaning, 0.90 for random directions.",
    refuted_by="a share above 0.95.",
    effect=Effect(name="alignment", words="share along one axis", at_most=0.95),
    measure=measure,
    picture=arms(
        "share along one axis", {"first": "first axis", "second": "second axis", "random": "random"}, line=1.0
    ),
)
