"""The information that two guesses of one category share (Ji et al. 2019)."""

from __future__ import annotations

from gans.wholes import mean_of_ranks
from minigrad import Tensor
from minigrad.ops import log, softmax, sum, swapaxes

__all__ = ["shared_information"]

LEAST = 1e-6
"""Added to each probability before its logarithm."""


def shared_information(first: Tensor, second: Tensor) -> Tensor:
    """Invariant information clustering: the mutual information of two guesses, logits (n, k) each; in nats.

    Row i of both is about the same thing, such as one image seen twice. P = softmax(first)^T
    softmax(second) / n, made symmetric, is the joint distribution of both guesses over the batch:

        I = sum_ab P_ab log(P_ab / (P_a P_b))                                  (Ji et al. 2019, equation 3)

    It is at most log k: when both guesses always agree, are sure, and take each category as often. Nothing
    says what a category means, so that it may be taught without labels.

    >>> import minigrad as mg
    >>> sure = mg.tensor([[20.0, 0.0], [0.0, 20.0]])
    >>> round(shared_information(sure, sure).item(), 4)  # log 2
    0.6931
    >>> round(shared_information(sure, mg.zeros((2, 2))).item(), 4)
    0.0
    """
    joint = mean_of_ranks(swapaxes(softmax(first), 0, 1) @ softmax(second) / len(first))
    joint = (joint + swapaxes(joint, 0, 1)) * 0.5
    alone = log(sum(joint, axis=1) + LEAST)
    return sum(joint * (log(joint + LEAST) - alone[:, None] - alone[None, :]))
