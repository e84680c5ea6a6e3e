"""Between two samples in z, are all points samples of the data?"""

from __future__ import annotations

import numpy as np

from gans.metrics import mode_coverage
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.pictures import curves
from gans.study.board.toys import ring8, started
from gans.study.board.trial import Trial
from gans.systems.two_player import TwoPlayer
from minigrad import tensor

WAYS, PLACES = 400, 9


def measure(trial: Trial) -> Numbers:
    """The share of points on a mode along ways between two z, over that at their ends, on the ring."""
    training, toy = started(trial, "gan", ring8(), width=64, batch_size=128)
    trial.train(training, 1_500)
    gan, rng = training.system, np.random.default_rng(1)
    assert isinstance(gan, TwoPlayer)
    assert toy.modes is not None
    a, b, shares = rng.standard_normal((WAYS, 2)), rng.standard_normal((WAYS, 2)), []
    for t in np.linspace(0, 1, PLACES):
        made = gan.generate(tensor((1 - t) * a + t * b, np.float32))
        shares.append(mode_coverage(made, toy.modes, toy.std).high_quality)
    ends = max((shares[0] + shares[-1]) / 2, 1e-9)
    return {"kept": shares[PLACES // 2] / ends, "t": np.linspace(0, 1, PLACES).tolist(), "share": shares}


CLAIM = Claim(
    says="Walking from one z to another gives samples of the data all along the way.",
    source="Radford et al. 2015, section 6.1; documents 003",
    measured="the share of samples on a mode halfway between two z over that at the ends, for a GAN on the "
    "ring, "
    "whose modes do not meet.",
    refuted_by="a share below nine tenths.",
    effect=Effect(name="kept", words="share on a mode halfway, over the ends", at_least=0.9),
    measure=measure,
    picture=curves("t", "share on a mode", {"share": ""}, over="way from one z to the other"),
)
