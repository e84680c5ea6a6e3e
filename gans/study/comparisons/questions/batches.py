"""What batch norm does to the samples of a batch."""

from __future__ import annotations

from gans.study.comparisons.questions.held import kind, same, turned
from gans.study.comparisons.questions.question import Case, Question

__all__ = ["QUESTIONS"]

QUESTIONS: dict[str, Question] = {
    "one-batch-or-two": Question(
        "Real and fake samples in one batch, or in two?",
        "It matters to batch norm alone: with batch norm in D the gradients differ, without it they are "
        "the same up to rounding.",
        "Batch norm takes its statistics over the batch, so that each sample of a joint batch depends "
        "on the other kind. `gans train` takes two batches, and one with the setting joint-batches.",
        (Case("dcgan", "joint"), Case("r1", "joint")),
        lambda norm, none: (
            all(turned(norm, step) for step in norm.a) and all(same(none, step) for step in none.a)
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
            kind(company, "G in training mode") == "different"
            and kind(company, "G in evaluation mode") == "identical"
            and all(turned(mode, step) for step in mode.a)
        ),
        ("one-batch-or-two", "batch-norm-in-a-critic"),
    ),
    "batch-norm-in-a-critic": Question(
        "May a critic with a gradient penalty have batch norm?",
        "No: a penalty takes the slope of the sum of all outputs for each sample's own, and with batch "
        "norm in D these are two different things.",
        "DCGAN's D has batch norm and WGAN-GP's critic has none, where both slopes are the same.",
        (Case("dcgan", "slopes"), Case("wgan-gp", "slopes")),
        lambda norm, none: turned(norm, "D's slopes") and same(none, "D's slopes"),
        ("one-batch-or-two", "create-graph"),
    ),
}
