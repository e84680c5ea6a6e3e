"""Where the gradient flows, and what is kept of it."""

from __future__ import annotations

from gans.study.comparisons.questions.held import kind, same, turned
from gans.study.comparisons.questions.question import Case, Question

__all__ = ["QUESTIONS"]

QUESTIONS: dict[str, Question] = {
    "how-g-learns": Question(
        "How can G learn, if its loss is D's output?",
        "D(G(z)) is one graph: the gradient goes from the loss through D to the fakes and from there "
        "through G to G's weights, and these two stretches give the gradient of the whole, bit for bit.",
        "D's weights take part as numbers in the first stretch; only G's are updated.",
        (Case("gan", "chain"), Case("dcgan", "chain")),
        lambda *each: all(kind(c, "G's step") == "identical" for c in each),
        ("pixels", "detach-in-g"),
    ),
    "pixels": Question(
        "Is the error split among the pixels of a fake image?",
        "No: each pixel has a derivative of its own, the change of the loss when that pixel alone moves.",
        "A computes all of them in one pass; B moves one pixel at a time to both sides, here 32 in the "
        "middle of an image, and divides the change of the loss by the distance.",
        (Case("gan", "pixels"), Case("dcgan", "pixels")),
        lambda *each: all(kind(c, "G's step") in ("close", "rounding") for c in each),
        ("how-g-learns",),
    ),
    "detach": Question(
        "Why `fake.detach()` in D's step?",
        "To save work: D's gradient is the same bit for bit with and without it, and what it spares is "
        "a gradient in G's weights that D's step has no use for.",
        "In PyTorch, `backward()` without it also adds that gradient to G's `.grad`, where G's next "
        "step finds it unless it is zeroed. `mg.grad` computes only what it is given.",
        (Case("dcgan", "detach"),),
        lambda c: kind(c, "D's step") == "identical" and kind(c, "D's loss, in G's weights") == "zero in A",
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
            kind(cut, "D's step") == kind(frozen, "G's step") == "identical"
            and kind(frozen, "G's loss, in D's weights") == "zero in B"
        ),
        ("detach", "detach-in-g"),
    ),
    "detach-real": Question(
        "Why is `real` not detached?",
        "There is nothing to cut: a batch of data is a leaf, and D's gradient is the same bit for bit.",
        "A leaf is a tensor that no op made. Only where something before D computes on real samples "
        "with weights, such as an encoder, does it matter.",
        (Case("gan", "detach-real"), Case("dcgan", "detach-real")),
        lambda *each: all(kind(c, "D's step") == "identical" for c in each),
        ("detach", "detach-no-grad-or-freeze"),
    ),
    "detach-in-g": Question(
        "May I detach the fakes in G's step too?",
        "No: then the gradient of every weight of G is exactly 0.",
        "The loss is the same number, so that nothing looks wrong but the samples. `mg.grad` raises "
        'ValueError there; the table has the zeros that `unused="zeros"` gives.',
        (Case("dcgan", "detach-in-g"),),
        lambda c: kind(c, "G's step") == "zero in B" and len(set(c.losses()["G's step"])) == 1,
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
        lambda c: kind(c, "D's step") == kind(c, "G's step") == "identical",
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
        lambda *each: all(turned(c, "G's step") for c in each),
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
        lambda *each: all(turned(c, "D's step") for c in each),
        ("detach", "two-backwards"),
    ),
    "backward-twice": Question(
        "Why does each `backward()` make my gradients larger?",
        "Because `.grad` is a sum: of one loss, two calls without zeroing in between leave exactly "
        "twice the gradient.",
        "The second call computes the same gradient again, if its graph is kept, and adds it. In "
        "minigrad there is nothing to zero, as `mg.grad` returns new gradients each time.",
        (Case("dcgan", "backward-twice"),),
        lambda c: c.relations["G's step"].factor == 2 and c.relations["G's step"].difference == 0,
        ("zero-grad", "two-backwards"),
    ),
    "two-backwards": Question(
        "Why two `backward()` calls, for real and for fake samples?",
        "There is no need of two: the sum of both gradients is the gradient of the sum.",
        "Code that adds into `.grad` writes it so, and saves memory, as the first graph is freed before "
        "the second is built.",
        (Case("gan", "two-backwards"), Case("dcgan", "two-backwards")),
        lambda *each: all(same(c, "D's step") for c in each),
        ("mean", "zero-grad"),
    ),
}
