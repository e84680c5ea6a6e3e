"""Where the gradient flows: through D into G, and where a graph is cut."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.study.comparisons.change import ANY, Change, Variant
from gans.study.comparisons.scene import Findings, Scene
from minigrad import grad, no_grad, tensor
from minigrad.ops import stack

__all__ = ["CHANGES"]

STEP = 1e-4
"""How far a number of a sample is moved, to both sides."""

MOST = 32
"""The most numbers of a sample that are moved."""


def detached(s: Scene) -> Findings:
    fake = s.G(s.z).detach()
    loss = s.loss_d(fake)
    return {"D's step": s.gradients(loss, s.D), "D's loss, in G's weights": s.gradients(loss, s.G)}


def attached(s: Scene) -> Findings:
    fake = s.G(s.z)
    loss = s.loss_d(fake)
    return {"D's step": s.gradients(loss, s.D), "D's loss, in G's weights": s.gradients(loss, s.G)}


def without_graph(s: Scene) -> Findings:
    with no_grad():
        fake = s.G(s.z)
    return {"D's step": s.gradients(s.loss_d(fake), s.D)}


def cut_afterwards(s: Scene) -> Findings:
    fake = s.G(s.z).detach()
    return {"D's step": s.gradients(s.loss_d(fake), s.D)}


def real_as_it_is(s: Scene) -> Findings:
    real = s.real
    loss = s.objective.discriminator(s.D(real), s.D(s.G(s.z).detach()))
    return {"D's step": s.gradients(loss, s.D)}


def real_detached(s: Scene) -> Findings:
    real = s.real.detach()
    loss = s.objective.discriminator(s.D(real), s.D(s.G(s.z).detach()))
    return {"D's step": s.gradients(loss, s.D)}


def whole(s: Scene) -> Findings:
    fake = s.G(s.z)
    return {"G's step": s.gradients(s.loss_g(fake), s.G)}


def cut(s: Scene) -> Findings:
    fake = s.G(s.z).detach()
    return {"G's step": s.gradients(s.loss_g(fake), s.G)}


def in_one(s: Scene) -> Findings:
    fake = s.G(s.z)
    return {"G's step": s.gradients(s.loss_g(fake), s.G)}


def in_two(s: Scene) -> Findings:
    fake = s.G(s.z)
    loss = s.loss_g(fake)
    (slope,) = grad(loss, [fake])
    return {"G's step": s.gradients(loss, s.G, through=(fake, slope))}


def computed_twice(s: Scene) -> Findings:
    loss_d = s.loss_d(s.G(s.z))
    loss_g = s.loss_g(s.G(s.z))
    return {"D's step": s.gradients(loss_d, s.D), "G's step": s.gradients(loss_g, s.G)}


def shared(s: Scene) -> Findings:
    fake = s.G(s.z)
    loss_d = s.loss_d(fake)
    loss_g = s.loss_g(fake)
    return {"D's step": s.gradients(loss_d, s.D), "G's step": s.gradients(loss_g, s.G)}


def by_backprop(s: Scene) -> Findings:
    fake = s.G(s.z).detach()
    (slope,) = grad(s.loss_g(fake), [fake])
    slope = stack([slope[0][place] for place in middle(slope.numpy()[0])])
    return {"G's step": s.part(None, {"numbers of a fake sample": slope})}


def by_moving(s: Scene) -> Findings:
    fake = s.G(s.z).numpy()
    slope = []
    for place in middle(fake[0]):
        up, down = fake.copy(), fake.copy()
        up[0][place] += STEP
        down[0][place] -= STEP
        slope.append((s.loss_g(tensor(up)) - s.loss_g(tensor(down))) / (2 * STEP))
    return {"G's step": s.part(None, {"numbers of a fake sample": stack(slope)})}


def middle(sample: NDArray[Any]) -> list[tuple[int, ...]]:
    """The places of a sample's numbers, of many those in the middle."""
    places = list(np.ndindex(sample.shape))
    return places[max(0, (len(places) - MOST) // 2) :][:MOST]


CHANGES = (
    Change(
        "detach",
        "the fakes of D's step",
        Variant("cut off from G's graph: G(z).detach()", detached),
        Variant("with G's graph behind them", attached),
        ANY,
    ),
    Change(
        "no-grad",
        "how the fakes of D's step are cut off from G",
        Variant("G(z) under no_grad()", without_graph),
        Variant("G(z).detach()", cut_afterwards),
        ANY,
    ),
    Change(
        "detach-real",
        "the real samples of D's step",
        Variant("as they are", real_as_it_is),
        Variant("detached", real_detached),
        ANY,
    ),
    Change(
        "detach-in-g",
        "the fakes of G's step",
        Variant("with G's graph behind them", whole),
        Variant("cut off from it: G(z).detach()", cut),
        ANY,
    ),
    Change(
        "chain",
        "how the gradient comes from G's loss to G's weights",
        Variant("in one call of grad", in_one),
        Variant("in two: to the fakes through D, from them through G", in_two),
        ANY,
    ),
    Change(
        "pixels",
        "how the slope of G's loss at the numbers of a fake sample is computed",
        Variant("by backprop", by_backprop),
        Variant("by moving one number at a time", by_moving),
        ANY,
    ),
    Change(
        "shared-graph",
        "the graph of the fakes in both steps",
        Variant("G(z) computed for each step", computed_twice),
        Variant("computed once, and differentiated twice", shared),
        ANY,
    ),
)
