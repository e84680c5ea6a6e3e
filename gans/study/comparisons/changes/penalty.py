"""The penalty of D's slope: with its graph or without, its points and its norm."""

from __future__ import annotations

from gans.study.comparisons.change import GRADIENT_PENALTY, IMAGE_PENALTY, PENALTY, Change, Variant
from gans.study.comparisons.changes.losses import blank
from gans.study.comparisons.penalties import between
from gans.study.comparisons.scene import Findings, Scene
from minigrad import Tensor, grad, tensor
from minigrad.ops import mean, norm_per_sample, sqrt, square, sum

__all__ = ["CHANGES"]

EPSILON = 1e-12
"""Within a root, whose derivative at 0 would be infinite."""


def with_graph(s: Scene) -> Findings:
    fake = s.G(s.z).detach()
    x = s.points(fake)
    (slope,) = grad(sum(s.D(x)), [x], create_graph=True)
    return _step_with(s, fake, s.cost(slope))


def without_graph(s: Scene) -> Findings:
    fake = s.G(s.z).detach()
    x = s.points(fake)
    (slope,) = grad(sum(s.D(x)), [x])
    return _step_with(s, fake, s.cost(slope))


def penalised(s: Scene) -> Findings:
    fake = s.G(s.z).detach()
    penalty = s.penalty(fake)
    return _step_with(s, fake, penalty)


def unpenalised(s: Scene) -> Findings:
    fake = s.G(s.z).detach()
    penalty = tensor(0.0, fake.dtype)
    return _step_with(s, fake, penalty)


def one_share(s: Scene) -> Findings:
    fake = s.G(s.z).detach()
    x = between(s.real, fake, s.rng)
    (slope,) = grad(sum(s.D(x)), [x], create_graph=True)
    return _step_with(s, fake, s.cost(slope))


def a_share_for_each_number(s: Scene) -> Findings:
    fake = s.G(s.z).detach()
    x = between(s.real, fake, s.rng, per_number=True)
    (slope,) = grad(sum(s.D(x)), [x], create_graph=True)
    return _step_with(s, fake, s.cost(slope))


def over_the_sample(s: Scene) -> Findings:
    fake = s.G(s.z).detach()
    x = between(s.real, fake, s.rng)
    (slope,) = grad(sum(s.D(x)), [x], create_graph=True)
    norm = sqrt(sum(square(slope), axis=(1, 2, 3)) + EPSILON)
    return _norms(s, norm) | _step_with(s, fake, mean(square(norm - 1.0)) * s.settings.penalty)


def over_the_channels(s: Scene) -> Findings:
    fake = s.G(s.z).detach()
    x = between(s.real, fake, s.rng)
    (slope,) = grad(sum(s.D(x)), [x], create_graph=True)
    norm = sqrt(sum(square(slope), axis=1) + EPSILON)
    return _norms(s, norm) | _step_with(s, fake, mean(square(norm - 1.0)) * s.settings.penalty)


def _norms(s: Scene, norm: Tensor) -> Findings:
    return {"norms": s.part(None, {"mean of the norms": mean(norm)})}


def _step_with(s: Scene, fake: Tensor, penalty: Tensor) -> Findings:
    loss = s.objective.discriminator(s.D(s.real), s.D(fake)) + penalty
    return {"D's step": s.gradients(loss, s.D), "the penalty alone": s.gradients(penalty, s.D)}


def finite_at_zero(s: Scene) -> Findings:
    blank(s.D)  # D's slope is 0
    x = s.points(s.G(s.z).detach())
    (slope,) = grad(sum(s.D(x)), [x], create_graph=True)
    penalty = mean(square(norm_per_sample(slope) - 1.0))
    return {"the penalty alone": s.gradients(penalty, s.D)}


def root_of_the_sum(s: Scene) -> Findings:
    blank(s.D)  # D's slope is 0
    x = s.points(s.G(s.z).detach())
    (slope,) = grad(sum(s.D(x)), [x], create_graph=True)
    penalty = mean(square(sqrt(sum(square(slope).reshape(len(x), -1), axis=1)) - 1.0))
    return {"the penalty alone": s.gradients(penalty, s.D)}


CHANGES = (
    Change(
        "create-graph",
        "D's slope in the penalty",
        Variant("with a graph: create_graph=True", with_graph),
        Variant("without one: a constant", without_graph),
        PENALTY,
    ),
    Change(
        "penalty",
        "D's loss",
        Variant("with the penalty of D's slope", penalised),
        Variant("without it", unpenalised),
        PENALTY,
    ),
    Change(
        "t-per-pixel",
        "the points between real and fake samples",
        Variant("one random share t for each sample", one_share),
        Variant("one for each pixel", a_share_for_each_number),
        GRADIENT_PENALTY,
    ),
    Change(
        "norm-axes",
        "the norm of D's slope",
        Variant("over the whole sample", over_the_sample),
        Variant("over the channels of each pixel", over_the_channels),
        IMAGE_PENALTY,
    ),
    Change(
        "root",
        "the norm of a slope that is 0",
        Variant("norm_per_sample, with the derivative 0 there", finite_at_zero),
        Variant("the square root of a sum of squares", root_of_the_sum),
        PENALTY,
    ),
)
