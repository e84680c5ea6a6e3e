"""What systems that translate images share; a and b are two sets, between which both directions go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.data.spec import Spec
from gans.errors import UserError
from gans.metrics.meaning import Meaning
from gans.objectives.objective import Network
from gans.systems.system import Ask, Made
from minigrad import Tensor
from minigrad.ops import mean

Floats = NDArray[np.float32]
Translation = Callable[[Any], Floats]
"""From images (n, c, h, w) to as many of the other set."""

Pair = tuple[Tensor, Tensor]
"""One of a and one of b."""

LEAST_SIDE = 8
"""Pixels of a side that the networks halve."""

CYCLE_MEANINGS: Mapping[str, Meaning] = {
    "cycle_a": Meaning("mean |F(G(a)) - a| over test images a, pixels in [-1, 1]", "lower", "test_images"),
    "cycle_b": Meaning("mean |G(F(b)) - b| over test images b, pixels in [-1, 1]", "lower", "test_images"),
}


def sources_of(n: int, ask: Ask, model: str) -> Floats:
    """The first ``n`` sources. Raises UserError if there are none."""
    if ask.sources is None:
        raise UserError(f"{model} translates images: give some as `sources`")
    return ask.sources[:n]


def translations(n: int, ask: Ask, translate: Translation, model: str) -> Made:
    """The first ``n`` sources translated. Raises UserError if there are none."""
    sources = sources_of(n, ask, model)
    targets = None if ask.targets is None else ask.targets[:n]
    return Made(translate(sources), sources=sources, targets=targets)


def one_direction(n: int, ask: Ask, a_to_b: Translation, b_to_a: Translation, model: str) -> Made:
    """The first ``n`` sources as images of b, or ``back`` as images of a."""
    return translations(n, ask, b_to_a if ask.back else a_to_b, model)


def both_directions(n: int, ask: Ask, a_to_b: Translation, b_to_a: Translation, model: str) -> Made:
    """A picture: half of the sources as images of b, and their counterparts as images of a."""
    if ask.sources is None or ask.targets is None:
        return one_direction(n, ask, a_to_b, b_to_a, model)
    half = (len(ask.sources) + 1) // 2
    a, b = ask.sources[:half], ask.targets[:half]
    made = np.concatenate([a_to_b(a), b_to_a(b)])
    return Made(made, sources=np.concatenate([a, b]), targets=np.concatenate([b, a]))


def judged_sets(
    loss: Callable[[Tensor, Tensor], Tensor], judges: tuple[Network, Network], real: Pair, fake: Pair
) -> dict[str, Tensor]:
    """The ``loss`` of the discriminators of both sets, each on real images and fakes of its own set.

    The numbers are what their update reports: the losses, of which ``loss_d`` is the sum, and mean scores.
    """
    real_a, real_b = (judge(x) for judge, x in zip(judges, real, strict=True))
    fake_a, fake_b = (judge(x) for judge, x in zip(judges, fake, strict=True))
    loss_a, loss_b = loss(real_a, fake_a), loss(real_b, fake_b)
    return {
        "loss_d": loss_a + loss_b,
        "loss_d_a": loss_a,
        "loss_d_b": loss_b,
        "d_real": (mean(real_a) + mean(real_b)) / 2,
        "d_fake": (mean(fake_a) + mean(fake_b)) / 2,
    }


def cycles(data: Any, a_to_b: Translation, b_to_a: Translation) -> dict[str, float]:
    """How far test images are from their way there and back: the figures of ``CYCLE_MEANINGS``."""
    a, b = data.test()
    return {
        "cycle_a": float(np.abs(b_to_a(a_to_b(a)) - a).mean()),
        "cycle_b": float(np.abs(a_to_b(b_to_a(b)) - b).mean()),
    }


def check_two_sets(spec: Spec, model: str) -> None:
    """Raise UserError unless both sets have images of one shape, of at least 8 pixels a side."""
    if spec.source != spec.shape:
        raise UserError(f"{model} needs two sets of images of one shape, got {spec.source} and {spec.shape}")
    check_sides(spec, model)


def check_sides(spec: Spec, model: str) -> None:
    """Raise UserError for images of fewer than ``LEAST_SIDE`` pixels a side."""
    _, h, w = spec.shape
    if min(h, w) < LEAST_SIDE:
        raise UserError(f"images of {h} x {w} pixels: {model} needs sides of at least {LEAST_SIDE}")
