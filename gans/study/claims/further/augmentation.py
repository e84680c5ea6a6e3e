"""Samples of a GAN as more training data for a classifier."""

from __future__ import annotations

import numpy as np

from gans.reproductions.images import first_images
from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.digits import digits, started_on_digits
from gans.study.board.judging import accuracy, classifier
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from gans.systems import Ask

LABELLED, MADE, STEPS, TESTED = 300, 1_000, 400, 1_000


def measure(trial: Trial) -> Numbers:
    """The accuracy of a classifier of 300 digits, and with 1,000 samples of a CGAN of the same digits too."""
    few = first_images(digits(), LABELLED)
    training = started_on_digits(trial, "cgan", None, few, features=8, batch_size=32)
    trial.train(training, STEPS)
    classes = np.arange(MADE) % 10
    made = training.system.sample(MADE, np.random.default_rng(12345), Ask(classes=classes)).samples
    images, labels = few.train(slice(None)), few.labels
    sets = {
        "real": (images, labels),
        "both": (np.concatenate([images, made]), np.concatenate([labels, classes])),
    }
    tested = digits().test(slice(0, TESTED)), digits().test_labels[:TESTED]
    numbers = {name: accuracy(classifier(trial, *each), *tested) for name, each in sets.items()}
    return {"more": numbers["both"] - numbers["real"], **numbers}


CLAIM = Claim(
    says="A GAN's samples are useful as more training data.",
    source="Antoniou et al. 2017; against it documents 003 (augmentation adds no information)",
    measured="the accuracy on test digits of a classifier that learnt from 300 digits and 1,000 samples of a "
    "CGAN of the same 300, minus that of one that learnt from the 300 alone.",
    refuted_by="less than 0.01 more.",
    effect=Effect(name="more", words="accuracy more", at_least=0.01),
    measure=measure,
    picture=arms("accuracy", {"real": "300 digits", "both": "and samples"}),
)
