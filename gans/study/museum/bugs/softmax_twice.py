"""The cross-entropy, which has a softmax, gets one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.game import Play
from gans.study.museum.games import AUXILIARY
from minigrad import Tensor, tensor
from minigrad.ops import cross_entropy, softmax


def class_loss(logits: Tensor, y: NDArray[np.int64]) -> Tensor:
    return cross_entropy(logits, y)


def class_loss_wrong(logits: Tensor, y: NDArray[np.int64]) -> Tensor:
    return cross_entropy(softmax(logits), y)


def best(play: Play) -> float:
    """The loss of a classifier that is right and sure."""
    assert play.game.class_loss is not None
    return play.game.class_loss(tensor(100.0 * np.eye(8)), np.arange(8)).item()


BUG = Bug(
    "Softmax twice",
    "PyTorch-GAN #84, #98, #141 and #150, clvrai/ACGAN-PyTorch #8, wiseodd/generative-models #20",
    "probabilities are taken for logits: with 8 classes no loss is below log(1 + 7/e), and slopes are small",
    "logits into the cross-entropy",
    AUXILIARY,
    "class_loss",
    class_loss,
    class_loss_wrong,
    Symptom("loss of a classifier that is right and sure", best, 1),
    "formula",
)
