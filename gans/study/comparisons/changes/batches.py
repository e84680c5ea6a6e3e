"""What samples of one batch do to each other, through batch norm."""

from __future__ import annotations

from gans.steps import judged
from gans.study.comparisons.change import ANY, SINGLES, Change, Variant
from gans.study.comparisons.scene import Findings, Scene
from minigrad import Tensor, grad, no_grad
from minigrad.ops import concatenate, stack, sum
from minigrad.random import normal

__all__ = ["CHANGES"]


def separate(s: Scene) -> Findings:
    fake = s.G(s.z)
    on_real, on_fake = s.D(s.real), s.D(fake)
    return _both_steps(s, on_real, on_fake)


def joint(s: Scene) -> Findings:
    fake = s.G(s.z)
    on_real, on_fake = judged(s.D, s.real, fake, joint=True)
    return _both_steps(s, on_real, on_fake)


def _both_steps(s: Scene, on_real: Tensor, on_fake: Tensor) -> Findings:
    loss_d = s.objective.discriminator(on_real, on_fake)
    loss_g = s.loss_of_g(on_fake)
    return {"D's step": s.gradients(loss_d, s.D), "G's step": s.gradients(loss_g, s.G)}


def in_company(s: Scene) -> Findings:
    others = s.z[len(s.z) // 2 :]
    return _first_half(s, others)


def in_other_company(s: Scene) -> Findings:
    others = normal(s.z[len(s.z) // 2 :].shape, dtype=s.z.dtype, generator=s.rng)
    return _first_half(s, others)


def _first_half(s: Scene, others: Tensor) -> Findings:
    half = len(s.z) // 2
    z = concatenate([s.z[:half], others])
    with no_grad():
        evaluated = s.G.eval()(z)[:half]
        trained = s.G.train()(z)[:half]
    return {
        "G in training mode": s.part(None, {"first half of the samples": trained}),
        "G in evaluation mode": s.part(None, {"first half of the samples": evaluated}),
    }


def training(s: Scene) -> Findings:
    fake = s.G(s.z)
    return {
        "D's step": s.gradients(s.loss_d(fake.detach()), s.D),
        "G's step": s.gradients(s.loss_g(fake), s.G),
    }


def evaluation(s: Scene) -> Findings:
    s.G.eval()
    s.D.eval()
    fake = s.G(s.z)
    return {
        "D's step": s.gradients(s.loss_d(fake.detach()), s.D),
        "G's step": s.gradients(s.loss_g(fake), s.G),
    }


def own_slopes(s: Scene) -> Findings:
    on_real = s.D(s.real)
    slope = [grad(sum(on_real[i]), [s.real])[0][i] for i in range(len(on_real))]
    return {"D's slopes": s.part(None, {"real samples": stack(slope)})}


def slopes_of_the_sum(s: Scene) -> Findings:
    on_real = s.D(s.real)
    (slope,) = grad(sum(on_real), [s.real])
    return {"D's slopes": s.part(None, {"real samples": slope})}


CHANGES = (
    Change(
        "joint",
        "real and fake samples in D",
        Variant("a batch of each", separate),
        Variant("one batch of both", joint),
        SINGLES,
    ),
    Change(
        "company",
        "the noise beside the first half of z",
        Variant("the second half", in_company),
        Variant("other noise", in_other_company),
        ANY,
    ),
    Change(
        "mode",
        "the mode of G and D",
        Variant("training: batch norm has the batch's statistics", training),
        Variant("evaluation: batch norm has its running statistics", evaluation),
        ANY,
    ),
    Change(
        "slopes",
        "D's slope at each real sample, which a penalty is about",
        Variant("of the sample's own output", own_slopes),
        Variant("of the sum of all outputs, as penalties compute it", slopes_of_the_sum),
        SINGLES,
    ),
)
