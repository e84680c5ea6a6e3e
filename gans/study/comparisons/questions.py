"""Questions of learners about a GAN's gradients, each with the comparisons that answer it.

The first sentence of an answer says what the numbers show, and ``Question.holds`` whether they do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gans.study.comparisons.comparing import compare
from gans.study.comparisons.comparison import Comparison

__all__ = ["QUESTIONS", "Case", "Question", "titles_about"]


@dataclass(frozen=True)
class Case:
    """One comparison: of ``model``, by ``change``, with further arguments of ``compare``."""

    model: str
    change: str
    options: dict[str, Any] = field(default_factory=dict)

    def compared(self, **more: Any) -> Comparison:
        """The comparison, with ``more`` arguments in the place of its own."""
        return compare(self.model, self.change, **{**self.options, **more})


@dataclass(frozen=True)
class Question:
    """A question, its answer in a sentence, what else is to say, and the comparisons that show it."""

    title: str
    answer: str
    more: str
    cases: tuple[Case, ...]
    holds: Callable[..., bool]
    related: tuple[str, ...]

    def is_shown_by(self, comparisons: Sequence[Comparison]) -> bool:
        """Whether ``comparisons``, one for each case, are as the answer says."""
        return self.holds(*comparisons)


def titles_about(change: str) -> list[str]:
    """The questions that a change helps to answer.

    >>> titles_about("detach")
    ["Why `fake.detach()` in D's step?"]
    """
    asked = QUESTIONS.values()
    return [question.title for question in asked if any(case.change == change for case in question.cases)]


def _kind(comparison: Comparison, step: str) -> str:
    return comparison.relations[step].kind


def _same(comparison: Comparison, step: str) -> bool:
    return comparison.relations[step].is_same


def _turned(comparison: Comparison, step: str) -> bool:
    """Whether the gradient has another direction."""
    return _kind(comparison, step) == "different" and comparison.relations[step].cosine < 0.9999


def _slopes(comparison: Comparison, step: str) -> tuple[Any, Any]:
    """All slopes of a step, in A and in B."""
    a, b = (of[step].arrays.values() for of in (comparison.a, comparison.b))
    return np.concatenate([x.ravel() for x in a]), np.concatenate([x.ravel() for x in b])


def _shrunk(comparison: Comparison, step: str, most: float) -> bool:
    """Whether each slope of B is at most ``most`` times that of A."""
    a, b = _slopes(comparison, step)
    return bool((abs(b) < most * abs(a)).all())


def _bounded(comparison: Comparison) -> bool:
    """Whether each slope of B is at most 4/27, and one of A larger."""
    a, b = _slopes(comparison, "slope of G's loss at each logit")
    return bool(abs(b).max() <= 4 / 27 < abs(a).max())


def _complements(comparison: Comparison) -> bool:
    """Whether the slopes are -D and -(1 - D), of one D between 0 and 1."""
    a, b = _slopes(comparison, "slope at each logit")
    return bool((abs(a + b + 1) < 1e-12).all() and (a > -1).all() and (a < 0).all())


def _tenth_lower(comparison: Comparison) -> bool:
    """Whether a fake's slope falls by 0.1, and some below 0."""
    a, b = _slopes(comparison, "slope at each logit")
    return bool((abs(a - b - 0.1) < 1e-12).all() and (a > 0).all() and (b < 0).any())


def _only_weights(comparison: Comparison) -> bool:
    """Whether the penalty's gradient is 0 in each bias, and not in any weight."""
    rows = comparison.of("the penalty alone")
    return all((row.relation.norm_a == 0) == row.parameter.endswith(".bias") for row in rows)


def _differs_in_last_layer_alone(comparison: Comparison) -> bool:
    """Whether B has A's gradients, but for the last layer's weight, whose sign is the other."""
    *_, weight, _ = rows = comparison.of("D's step")
    rest = [row for row in rows if row is not weight]
    return weight.relation.factor == -1 and all(row.relation.is_same for row in rest)


SURE_D = {"critic_steps": 20, "steps": 20}
"""A training in which D is far ahead of G."""

QUESTIONS: dict[str, Question] = {
    "how-g-learns": Question(
        "How can G learn, if its loss is D's output?",
        "D(G(z)) is one graph: the gradient goes from the loss through D to the fakes and from there "
        "through G to G's weights, and these two stretches give the gradient of the whole, bit for bit.",
        "D's weights take part as numbers in the first stretch; only G's are updated.",
        (Case("gan", "chain"), Case("dcgan", "chain")),
        lambda *each: all(_kind(c, "G's step") == "identical" for c in each),
        ("pixels", "detach-in-g"),
    ),
    "pixels": Question(
        "Is the error split among the pixels of a fake image?",
        "No: each pixel has a derivative of its own, the change of the loss when that pixel alone moves.",
        "A computes all of them in one pass; B moves one pixel at a time to both sides, here 32 in the "
        "middle of an image, and divides the change of the loss by the distance.",
        (Case("gan", "pixels"), Case("dcgan", "pixels")),
        lambda *each: all(_kind(c, "G's step") in ("close", "rounding") for c in each),
        ("how-g-learns",),
    ),
    "detach": Question(
        "Why `fake.detach()` in D's step?",
        "To save work: D's gradient is the same bit for bit with and without it, and what it spares is "
        "a gradient in G's weights that D's step has no use for.",
        "In PyTorch, `backward()` without it also adds that gradient to G's `.grad`, where G's next "
        "step finds it unless it is zeroed. `mg.grad` computes only what it is given.",
        (Case("dcgan", "detach"),),
        lambda c: _kind(c, "D's step") == "identical" and _kind(c, "D's loss, in G's weights") == "zero in A",
        ("detach-no-grad-or-freeze", "detach-in-g", "zero-grad"),
    ),
    "detach-no-grad-or-freeze": Question(
        "`detach`, `no_grad` or a frozen D: which one where?",
        "For the numbers it is all one: in D's step `no_grad` and `detach` give D the same gradient bit "
        "for bit, and in G's step a frozen D gives G the same gradient as D as it is.",
        "`no_grad` builds no graph of G and is the cheapest in D's step. `detach` cuts a graph that "
        "something else still needs. Freezing D in G's step spares the gradient in D's weights, and "
        "does not stop the one that flows through D.",
        (Case("dcgan", "no-grad"), Case("dcgan", "freeze")),
        lambda cut, frozen: (
            _kind(cut, "D's step") == _kind(frozen, "G's step") == "identical"
            and _kind(frozen, "G's loss, in D's weights") == "zero in B"
        ),
        ("detach", "detach-in-g"),
    ),
    "detach-in-g": Question(
        "May I detach the fakes in G's step too?",
        "No: then the gradient of every weight of G is exactly 0.",
        "The loss is the same number, so that nothing looks wrong but the samples. `mg.grad` raises "
        'ValueError there; the table has the zeros that `unused="zeros"` gives.',
        (Case("dcgan", "detach-in-g"),),
        lambda c: _kind(c, "G's step") == "zero in B" and len(set(c.losses()["G's step"])) == 1,
        ("detach", "how-g-learns"),
    ),
    "second-backward": Question(
        '"Trying to backward through the graph a second time": may both steps share one graph of the fakes?',
        "Yes: one graph of G(z), differentiated once for D and once for G, gives both the same "
        "gradients bit for bit as a graph for each.",
        "PyTorch's message says that it freed the graph after the first time. `retain_graph=True` keeps "
        "it, with its memory; detached fakes in D's step never go through it. A graph of minigrad can "
        "be differentiated as often as you like, as long as no weight in it has changed.",
        (Case("dcgan", "shared-graph"),),
        lambda c: _kind(c, "D's step") == _kind(c, "G's step") == "identical",
        ("stale", "detach"),
    ),
    "stale": Question(
        '"Modified by an inplace operation": why must D(fake) be computed anew after D\'s update?',
        "Because the old D(fake) belongs to the old D: the gradient that it gives G has another "
        "direction than the gradient through the new D.",
        "Both are gradients of some step, and an algorithm may choose the old one if it takes it before "
        "D changes. After the change, a gradient would mix old activations with new weights; PyTorch "
        "and minigrad refuse that (StaleGraphError).",
        (Case("gan", "stale"), Case("dcgan", "stale")),
        lambda *each: all(_turned(c, "G's step") for c in each),
        ("g-loss-rises", "second-backward"),
    ),
    "g-loss-rises": Question(
        "G's loss rises. Is that bad?",
        "Not by itself: right after an update of D, G's loss is higher than before it, though G is the same.",
        "It is measured against a D that moves. Compare the losses of A, after the update, and B, before it.",
        (Case("gan", "stale", {"steps": 50}),),
        lambda c: c.losses()["G's step"][0] > c.losses()["G's step"][1],
        ("stale", "d-loss-0", "d-loss-139"),
    ),
    "zero-grad": Question(
        "Does D's gradient contain G's loss?",
        "Only where nothing zeroes it: what G's `backward()` leaves in D's `.grad` turns D's next "
        "gradient into another direction.",
        "B adds what an engine with `.grad` fields would have kept. At the fakes the two losses pull D "
        "in opposite directions. `mg.grad` returns its lists and keeps nothing.",
        (Case("gan", "zero-grad"), Case("dcgan", "zero-grad")),
        lambda *each: all(_turned(c, "D's step") for c in each),
        ("detach", "two-backwards"),
    ),
    "two-backwards": Question(
        "Why two `backward()` calls, for real and for fake samples?",
        "There is no need of two: the sum of both gradients is the gradient of the sum.",
        "Code that adds into `.grad` writes it so, and saves memory, as the first graph is freed before "
        "the second is built.",
        (Case("gan", "two-backwards"), Case("dcgan", "two-backwards")),
        lambda *each: all(_same(c, "D's step") for c in each),
        ("mean", "zero-grad"),
    ),
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
            and _turned(penalised, "D's step")
        ),
        ("two-backwards", "create-graph"),
    ),
    "label": Question(
        'Why are fakes labelled "real" in G\'s step?',
        "Because the cross-entropy of D(G(z)) with the label 1 is -log D(G(z)), the non-saturating "
        "loss, with the same gradients up to rounding.",
        "Nothing is said about the fakes: the label only chooses which of the two logarithms is left.",
        (Case("gan", "label"), Case("dcgan", "label")),
        lambda *each: all(_same(c, "G's step") for c in each),
        ("saturating",),
    ),
    "saturating": Question(
        "What exactly saturates?",
        "The slope of G's loss at the logit of a fake: it is -D for log(1 - D), which vanishes with D, "
        "and -(1 - D) for -log D, which does not.",
        "At each logit the two slopes add up to -1. While D is near 1/2 they are alike, and the two "
        "losses give G's weights nearly the same gradient.",
        (Case("gan", "saturating"), Case("dcgan", "saturating")),
        lambda *each: all(_complements(c) for c in each),
        ("d-loss-0", "label"),
    ),
    "d-loss-0": Question(
        "D's loss goes to 0. What does G still learn?",
        "From the saturating loss almost nothing: its gradient in G's weights is less than a hundredth "
        "of that of the non-saturating loss.",
        "Here D had 400 updates for 20 of G, and separates the two kinds. Give D a lower learning rate "
        "or fewer weights, or a penalty.",
        (Case("gan", "saturating", SURE_D),),
        lambda c: c.relations["G's step"].norm_a < 0.01 * c.relations["G's step"].norm_b and _complements(c),
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
            _kind(c, "D's step") == "zero in B"
            and all(abs(loss - 2 * np.log(2)) < 1e-12 for loss in c.losses()["D's step"])
            for c in each
        ),
        ("g-loss-rises", "d-loss-0"),
    ),
    "one-batch-or-two": Question(
        "Real and fake samples in one batch, or in two?",
        "It matters to batch norm alone: with batch norm in D the gradients differ, without it they are "
        "the same up to rounding.",
        "Batch norm takes its statistics over the batch, so that each sample of a joint batch depends "
        "on the other kind. `gans train` takes two batches, and one with the setting joint-batches.",
        (Case("dcgan", "joint"), Case("r1", "joint")),
        lambda norm, none: (
            all(_turned(norm, step) for step in norm.a) and all(_same(none, step) for step in none.a)
        ),
        ("same-z", "batch-norm-in-a-critic"),
    ),
    "same-z": Question(
        "The same z gives another image. Why?",
        "Batch norm in training mode: a sample depends on the noise beside it in the batch, and in "
        "evaluation mode it is the same bit for bit.",
        "G(z) of one half of a batch is compared while the other half changes. The mode changes the "
        "gradients too, as the second comparison shows: train in training mode, sample in evaluation "
        "mode.",
        (Case("dcgan", "company"), Case("dcgan", "mode")),
        lambda company, mode: (
            _kind(company, "G in training mode") == "different"
            and _kind(company, "G in evaluation mode") == "identical"
            and all(_turned(mode, step) for step in mode.a)
        ),
        ("one-batch-or-two", "batch-norm-in-a-critic"),
    ),
    "batch-norm-in-a-critic": Question(
        "May a critic with a gradient penalty have batch norm?",
        "No: a penalty takes the slope of the sum of all outputs for each sample's own, and with batch "
        "norm in D these are two different things.",
        "DCGAN's D has batch norm and WGAN-GP's critic has none, where both slopes are the same.",
        (Case("dcgan", "slopes"), Case("wgan-gp", "slopes")),
        lambda norm, none: _turned(norm, "D's slopes") and _same(none, "D's slopes"),
        ("one-batch-or-two", "create-graph"),
    ),
    "create-graph": Question(
        "Why `create_graph=True`?",
        "Without it the penalty is a constant: its loss is the same number, and its gradient in every "
        "weight of D is exactly 0.",
        "The penalty is a function of D's slope. Its derivative in D's weights goes through the "
        "computation of that slope, which must have a graph. The other terms of the loss go on "
        "training, so that nothing fails.",
        (Case("wgan-gp", "create-graph"), Case("r1", "create-graph")),
        lambda *each: all(
            _kind(c, "the penalty alone") == "zero in B" and len(set(c.losses()["the penalty alone"])) == 1
            for c in each
        ),
        ("biases", "shapes-of-the-penalty", "penalty-nan"),
    ),
    "biases": Question(
        "The second derivative of ReLU is 0. Does the gradient penalty train anything?",
        "Yes, every weight, and no bias: the penalty's gradient is exactly 0 in each bias of D.",
        "D's slope is a product of weights and of the 0s, 1s and 0.2s of its ReLUs. Biases only decide "
        "which of these it is, and that changes in jumps.",
        (Case("wgan-gp", "penalty"), Case("wgan-gp", "penalty", {"data": "ring"}), Case("r1", "penalty")),
        lambda *each: all(_only_weights(c) for c in each),
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
            _turned(share, "D's step")
            and _turned(axes, "D's step")
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
            _kind(c, "the penalty alone") == "not finite"
            and all(np.isfinite(x).all() for x in c.a["the penalty alone"].arrays.values())
        ),
        ("create-graph", "loss-inf"),
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
            _kind(c, "G's step") == "identical"
            and c.losses()["D's step"][0] == c.losses()["D's step"][1] < 0
            and _differs_in_last_layer_alone(c)
        ),
        ("g-loss-rises",),
    ),
    "sigmoid": Question(
        "Should D end in a sigmoid?",
        "No: the losses take logits, and a second sigmoid leaves the loss less than half of its slope "
        "at each logit.",
        "Nothing fails, and D learns slowly: a sigmoid of what is already between 0 and 1 is between "
        "0.5 and 0.73, which is as sure as D can be.",
        (Case("gan", "sigmoid"), Case("dcgan", "sigmoid")),
        lambda *each: all(
            _shrunk(c, f"slope of {who}'s loss at each logit", 0.5) for c in each for who in "DG"
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
        _bounded,
        ("sigmoid", "saturating"),
    ),
    "loss-inf": Question(
        "Why is my loss inf and its gradient NaN?",
        "The sigmoid of a very negative logit is 0 to the machine, its logarithm minus infinity and the "
        "gradient NaN; as one function of the logit, the same loss and its gradient stay finite.",
        "-log(sigmoid(s)) = log(1 + exp(-s)) is `ops.softplus(-s)`. Here D rejects all fakes, with "
        "logits a million times as large.",
        (Case("gan", "logarithm"),),
        lambda c: _kind(c, "G's step") == "not finite" and np.isfinite(c.losses()["G's step"][0]),
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
        _tenth_lower,
        ("saturating", "label"),
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
"""By the name of the page."""
