"""D's features serve a classifier."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.digits import digits, started_on_digits
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from gans.systems import System
from gans.systems.two_player import TwoPlayer
from minigrad import Tensor, nn, no_grad

LABELLED, TESTED = 300, 500


def measure(trial: Trial) -> Numbers:
    """The accuracy of the nearest neighbour among 300 labelled digits, in D's last features."""
    training = started_on_digits(trial, "dcgan", features=8)
    untrained = _accuracy(training.system)
    trial.train(training, 250)
    trained = _accuracy(training.system)
    return {"more": trained - untrained, "trained": trained, "untrained": untrained}


def _accuracy(gan: System) -> float:
    assert isinstance(gan, TwoPlayer)
    D, data = gan.discriminator, digits()
    assert isinstance(D, nn.Sequential)
    features = nn.Sequential(*list(D)[:-1])
    with gan.evaluating(), no_grad():
        known = features(Tensor(data.train(slice(0, LABELLED)))).numpy().reshape(LABELLED, -1)
        asked = features(Tensor(data.test(slice(0, TESTED)))).numpy().reshape(TESTED, -1)
    known, asked = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (known, asked))
    found = data.labels[:LABELLED][(asked @ known.T).argmax(axis=1)]
    return float((found == data.test_labels[:TESTED]).mean())


CLAIM = Claim(
    says="D learns features that serve a classifier.",
    source="Radford et al. 2015, section 5; documents 002",
    measured="the accuracy of the nearest of 300 labelled digits in a DCGAN's D's last features after 250 "
    "steps, "
    "over that before the first step.",
    refuted_by="less than 0.03 more.",
    effect=Effect(name="more", words="accuracy more", at_least=0.03),
    measure=measure,
    picture=arms("accuracy", {"untrained": "untrained D", "trained": "trained D"}),
    seeds=4,
)
