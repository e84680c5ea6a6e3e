"""What a training does with noise and momentum, and what its samples show."""

from __future__ import annotations

from gans.study.comparisons.comparison import Comparison
from gans.study.comparisons.questions.held import alike, kind, same
from gans.study.comparisons.questions.question import Case, Question

__all__ = ["QUESTIONS"]


def _of_one_mean(comparison: Comparison) -> bool:
    """Whether the mean gradients have one direction, and nearer so than those of one batch."""
    one, mean = (comparison.relations[step].cosine for step in comparison.a)
    return mean > 0.95 and mean > one


QUESTIONS: dict[str, Question] = {
    "new-z": Question(
        "Does G's step need new noise, or may it take that of D's step?",
        "Either will do: averaged over 16 batches, both give G a gradient of one direction, with a cosine "
        "above 0.95, and what differs in one batch is the noise of that batch.",
        "In both variants D(G(z)) is computed anew after D's update, and that matters. `gans train` draws "
        "new noise. With D's noise, D has just learnt to reject these very fakes, which is too little to "
        "see here.",
        (Case("gan", "new-z", {"data": "ring"}), Case("wgan-gp", "new-z", {"data": "ring"})),
        lambda *each: all(_of_one_mean(c) for c in each),
        ("stale", "same-z"),
    ),
    "mode-collapse": Question(
        "How do I see mode collapse?",
        "In the samples and not in the losses: a G that makes one of its fakes again and again has both "
        "losses within a tenth of what they were, while the difference from one sample to the next is "
        "exactly 0.",
        "A loss is a mean over samples that D judges one by one, and no term of it compares two of them. "
        "Count modes, as `gans evaluate` does, or measure distances between samples. A D that sees several "
        "samples at once, such as PacGAN's, does compare them.",
        (Case("gan", "collapse", {"data": "ring", "steps": 50}), Case("gan", "collapse")),
        lambda *each: all(alike(c, "losses", 0.1) and kind(c, "samples") == "zero in B" for c in each),
        ("g-loss-rises", "d-loss-139"),
    ),
    "momentum": Question(
        "Why Adam with beta1 = 0.5?",
        "Because its memory is shorter: after ten equal gradients and two opposite ones, a step of Adam "
        "with 0.9 still goes the old way and one with 0.5 the new way, though their first steps are alike.",
        "In a game the gradient turns, as the other network moves. That 0.5 is a good number was found by "
        "trying (Radford et al. 2015, section 4), and no theorem says so; [low-momentum](../claims.md#low-"
        "momentum) measures it.",
        (Case("gan", "momentum"), Case("dcgan", "momentum")),
        lambda *each: all(
            same(c, "D's first step") and c.relations["D's second step after the turn"].cosine < -0.999
            for c in each
        ),
        ("mean", "zero-grad"),
    ),
    "checkerboard": Question(
        "Where does the checkerboard in my images come from?",
        "From kernels that the stride does not divide: with 5 x 5 and a stride of 2, a layer of ones makes "
        "an even map uneven, and the gradient that D sends back too; with 4 x 4 both stay even, exactly.",
        "With 5 x 5 a pixel gets 4, 6 or 9 terms, with 4 x 4 each gets 4. Weights can learn to even that "
        "out, and seldom do (Odena et al. 2016). [Claims](../claims.md#checkerboard) measures more sizes, "
        "and up-sampling in place of the transposed convolution.",
        (Case("dcgan", "kernel"),),
        lambda c: all(kind(c, layer) == "zero in A" for layer in c.a),
        ("pixels",),
    ),
}
