"""What is restored by a loss of features is better recognised."""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, Numbers
from gans.study.board.digits import digits
from gans.study.board.judging import accuracy, classifier
from gans.study.board.pictures import arms
from gans.study.board.restoring import restored, tested
from gans.study.board.trial import Trial


def measure(trial: Trial) -> Numbers:
    """The share of restored digits that another classifier recognises, by the loss that restored them."""
    other = classifier(trial, digits().train(slice(0, 2_000)), digits().labels[:2_000])
    labels = digits().test_labels[: len(tested())]
    numbers = {
        "pixels": accuracy(other, restored(trial, "pixels"), labels),
        "features": accuracy(other, restored(trial, "features"), labels),
        "real": accuracy(other, tested(), labels),
    }
    return {"more": numbers["features"] - numbers["pixels"], **numbers}


CLAIM = Claim(
    says="A loss of features keeps the content that an error of pixels loses.",
    source="documents 003; Johnson et al. 2016, section 1; Wang et al. 2018, section 3.5",
    measured="the share of digits restored from a quarter of their sides that another classifier recognises, "
    "after a training by our classifier's features, minus that by squared errors of pixels.",
    refuted_by="less than 0.02 more.",
    effect=Effect(name="more", words="share recognised more", at_least=0.02),
    measure=measure,
    picture=arms("share recognised", {"pixels": "pixels", "features": "features", "real": "the digits"}),
)
