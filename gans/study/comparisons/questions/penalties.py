"""The penalty of D's slope."""

from __future__ import annotations

import numpy as np

from gans.study.comparisons.questions.held import kind, only_weights, turned
from gans.study.comparisons.questions.question import Case, Question

__all__ = ["QUESTIONS"]

QUESTIONS: dict[str, Question] = {
    "create-graph": Question(
        "Why `create_graph=True`?",
        "Without it the penalty is a constant: its loss is the same number, and its gradient in every "
        "weight of D is exactly 0.",
        "The penalty is a function of D's slope. Its derivative in D's weights goes through the "
        "computation of that slope, which must have a graph. The other terms of the loss go on "
        "training, so that nothing fails.",
        (Case("wgan-gp", "create-graph"), Case("r1", "create-graph")),
        lambda *each: all(
            kind(c, "the penalty alone") == "zero in B" and len(set(c.losses()["the penalty alone"])) == 1
            for c in each
        ),
        ("biases", "shapes-of-the-penalty", "penalty-nan"),
    ),
    "biases": Question(
        "The second derivative of ReLU is 0. Does the gradient penalty train anything?",
        "Yes, every weight, and no bias: the penalty's gradient is exactly 0 in each bias of D.",
        "D's slope is a product of weights and of the 0s, 1s and 0.2s of its ReLUs. Biases only decide "
        "which of these it is, and that changes in jumps. With a smooth activation such as tanh, biases "
        "have a gradient too, but for the last layer's.",
        (Case("wgan-gp", "penalty"), Case("wgan-gp", "penalty", {"data": "ring"}), Case("r1", "penalty")),
        lambda *each: all(only_weights(c) for c in each),
        ("create-graph",),
    ),
    "shapes-of-the-penalty": Question(
        "Which shape has the random share of the gradient penalty, and which axes has the norm?",
        "One share for each sample, and the norm over all axes but the first: a share for each pixel, "
        "or a norm over the channels of each pixel, gives D's step another direction.",
        "A share for each pixel makes points that lie on no line between a real and a fake sample. The "
        "norm over channels holds the slope at each of the 784 pixels at 1, in place of that of the "
        "sample.",
        (Case("wgan-gp", "t-per-pixel"), Case("wgan-gp", "norm-axes")),
        lambda share, axes: (
            turned(share, "D's step")
            and turned(axes, "D's step")
            and axes.relations["norms"].norm_b < 0.5 * axes.relations["norms"].norm_a
        ),
        ("create-graph", "penalty-nan"),
    ),
    "penalty-nan": Question(
        "Why is the gradient of my penalty NaN?",
        "The derivative of a square root is infinite at 0: where D's slope is 0, a norm written as a "
        "root gives NaN, and one whose derivative there is 0 stays finite.",
        "A D with a last layer of zeros has such a slope everywhere. A small number within the root "
        "helps too; `ops.norm_per_sample` needs none.",
        (Case("wgan-gp", "root"),),
        lambda c: (
            kind(c, "the penalty alone") == "not finite"
            and all(np.isfinite(x).all() for x in c.a["the penalty alone"].arrays.values())
        ),
        ("create-graph", "loss-inf"),
    ),
}
