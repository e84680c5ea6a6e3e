"""Losses: their form, their numbers, and what is left of them in a machine."""

from __future__ import annotations

import numpy as np

from gans.study.comparisons.questions.held import (
    bounded,
    complements,
    differs_in_last_layer_alone,
    kind,
    same,
    shrunk,
    tenth_lower,
    turned,
)
from gans.study.comparisons.questions.question import Case, Question

__all__ = ["QUESTIONS"]

SURE_D = {"critic_steps": 20, "steps": 20}
"""A training in which D is far ahead of G."""

QUESTIONS: dict[str, Question] = {
    "mean": Question(
        "Sum or mean of D's two losses?",
        "The mean gives exactly half the gradient, of which Adam makes almost the same step; beside a "
        "penalty, which stays whole, it gives another direction.",
        "Under plain SGD it is half the learning rate. Adam divides by the gradient's size, and only "
        "its small eps remembers the factor.",
        (Case("gan", "mean"), Case("wgan-gp", "mean")),
        lambda plain, penalised: (
            plain.relations["D's step"].factor == 0.5
            and plain.relations["D's step"].difference == 0
            and plain.relations["D's first step of Adam"].cosine > 0.999
            and turned(penalised, "D's step")
        ),
        ("two-backwards", "create-graph"),
    ),
    "label": Question(
        'Why are fakes labelled "real" in G\'s step?',
        "Because the cross-entropy of D(G(z)) with the label 1 is -log D(G(z)), the non-saturating "
        "loss, with the same gradients up to rounding.",
        "Nothing is said about the fakes: the label only chooses which of the two logarithms is left.",
        (Case("gan", "label"), Case("dcgan", "label")),
        lambda *each: all(same(c, "G's step") for c in each),
        ("saturating",),
    ),
    "saturating": Question(
        "What exactly saturates?",
        "The slope of G's loss at the logit of a fake: it is -D for log(1 - D), which vanishes with D, "
        "and -(1 - D) for -log D, which does not.",
        "At each logit the two slopes add up to -1. While D is near 1/2 they are alike, and the two "
        "losses give G's weights nearly the same gradient.",
        (Case("gan", "saturating"), Case("dcgan", "saturating")),
        lambda *each: all(complements(c) for c in each),
        ("d-loss-0", "label"),
    ),
    "d-loss-0": Question(
        "D's loss goes to 0. What does G still learn?",
        "From the saturating loss almost nothing: its gradient in G's weights is less than a tenth of "
        "that of the non-saturating loss.",
        "Here D had 400 updates for 20 of G, and separates the two kinds. Give D a lower learning rate "
        "or fewer weights, or a penalty.",
        (Case("gan", "saturating", SURE_D),),
        lambda c: c.relations["G's step"].norm_a < 0.1 * c.relations["G's step"].norm_b and complements(c),
        ("saturating", "g-loss-rises"),
    ),
    "d-loss-139": Question(
        "D's loss stays at 1.39. Converged or dead?",
        "The number does not say: a D that answers 1/2 to everything has the loss 2 log 2 = 1.386 "
        "beside bad fakes and beside perfect ones, and its gradient is 0 for the perfect ones alone.",
        "G gets no gradient from it in either case, as nothing passes a last layer of zeros. Look at "
        "D's outputs one by one, and at the norms of the gradients, which `gans train` reports.",
        (Case("gan", "blind"), Case("dcgan", "blind")),
        lambda *each: all(
            kind(c, "D's step") == "zero in B"
            and all(abs(loss - 2 * np.log(2)) < 1e-12 for loss in c.losses()["D's step"])
            for c in each
        ),
        ("g-loss-rises", "d-loss-0"),
    ),
    "sigmoid": Question(
        "Should D end in a sigmoid?",
        "No: the losses take logits, and a second sigmoid leaves the loss less than half of its slope "
        "at each logit.",
        "Nothing fails, and D learns slowly: a sigmoid of what is already between 0 and 1 is between "
        "0.5 and 0.73, which is as sure as D can be.",
        (Case("gan", "sigmoid"), Case("dcgan", "sigmoid")),
        lambda *each: all(
            shrunk(c, f"slope of {who}'s loss at each logit", 0.5) for c in each for who in "DG"
        ),
        ("sigmoid-in-lsgan", "loss-inf"),
    ),
    "sigmoid-in-lsgan": Question(
        "Should LSGAN's D end in a sigmoid?",
        "No: with it, the slope of G's loss at a logit is at most 4/27, however far the fake is from "
        "its target; without it, the slope is that distance.",
        "Least squares were made so that a fake far from the target is pulled the most. The sigmoid's "
        "derivative D(1 - D) undoes that, and vanishes where D is sure; 4/27 is the largest value of (1 "
        "- D) D (1 - D).",
        (Case("lsgan", "sigmoid"),),
        bounded,
        ("sigmoid", "saturating"),
    ),
    "loss-inf": Question(
        "Why is my loss inf and its gradient NaN?",
        "The sigmoid of a very negative logit is 0 to the machine, its logarithm minus infinity and the "
        "gradient NaN; as one function of the logit, the same loss and its gradient stay finite.",
        "-log(sigmoid(s)) = log(1 + exp(-s)) is `ops.softplus(-s)`. Here D rejects all fakes, with "
        "logits a million times as large.",
        (Case("gan", "logarithm"),),
        lambda c: kind(c, "G's step") == "not finite" and np.isfinite(c.losses()["G's step"][0]),
        ("sigmoid", "penalty-nan"),
    ),
    "one-sided-smoothing": Question(
        "One-sided label smoothing: why only for real samples?",
        "A label of 0.1 for fakes lowers the slope of D's loss at each of their logits by 0.1, so that "
        "D pushes up those that it rejects: where D is below 0.1, the slope is negative.",
        "The slope is D minus the label. With labels 0.9 and 0.1, the best D has the density of the "
        "fakes in its numerator, and G is rewarded for staying where it is (Salimans et al. 2016, "
        "section 3.4).",
        (Case("gan", "smooth-fakes", SURE_D),),
        tenth_lower,
        ("saturating", "label"),
    ),
    "signs": Question(
        "The critic's loss of a WGAN is negative. Are the signs swapped?",
        "No: minus that loss estimates a distance, and with all signs swapped the loss is the same "
        "negative number and G's gradient the same bit for bit.",
        "A critic may give real samples the high scores or the low ones. In B its last layer, its loss "
        "and G's have the other sign. Of its own gradient, only that in the last layer's weight changes "
        "its sign.",
        (Case("wgan", "signs", {"steps": 20}),),
        lambda c: (
            kind(c, "G's step") == "identical"
            and c.losses()["D's step"][0] == c.losses()["D's step"][1] < 0
            and differs_in_last_layer_alone(c)
        ),
        ("g-loss-rises",),
    ),
    "float32": Question(
        "Are the 32 bits of float32 enough?",
        "For a step, yes: each of its gradients has the direction that it has in float64, with a cosine "
        "above 0.9999.",
        "Most elements agree to six digits. Where the input of a ReLU lies so near 0 that rounding "
        "carries it to the other side, its slope jumps, and the gradients of the layers before it can "
        "differ in the third digit. The comparison of DCGAN has such a unit, in layer 7 of D: layer 9, "
        "after it, keeps six digits.",
        (Case("gan", "dtype"), Case("dcgan", "dtype")),
        lambda *each: all(row.relation.cosine > 0.9999 for c in each for row in c.rows),
        ("loss-inf",),
    ),
}
