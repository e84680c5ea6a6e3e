"""What a training does with noise and momentum, and what its samples show: collapse, checkerboards."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gans.study.comparisons.change import ANY, SINGLES, Change, Variant
from gans.study.comparisons.scene import Findings, Part, Scene
from minigrad import Tensor, grad, ones, tensor
from minigrad.ops import abs, conv2d, conv_transpose2d, mean, sum, tile
from minigrad.optim import Adam
from minigrad.random import normal

__all__ = ["CHANGES"]

DRAWS = 16
"""The batches of noise over which G's gradient is averaged."""

SIDE, INNER = 8, slice(6, 12)
"""A constant map that a layer enlarges, and the result's pixels far from its border."""


def same_z(s: Scene) -> Findings:
    def gradient(s: Scene, z: Tensor, other: Tensor) -> Part:  # noqa: ARG001  of the other variant
        s.update_d(s.G(z).detach())
        return s.gradients(s.loss_g(s.G(z)), s.G)

    return _over_noise(s, gradient)


def new_z(s: Scene) -> Findings:
    def gradient(s: Scene, z: Tensor, other: Tensor) -> Part:
        s.update_d(s.G(z).detach())
        return s.gradients(s.loss_g(s.G(other)), s.G)

    return _over_noise(s, gradient)


def _over_noise(s: Scene, gradient: Callable[[Scene, Tensor, Tensor], Part]) -> Findings:
    """G's gradient for the batch's noise, and its mean over more noise, each time from the same weights."""
    first = gradient(s.copy(), s.z, _noise(s))
    parts = [first, *(gradient(s.copy(), _noise(s), _noise(s)) for _ in range(DRAWS - 1))]
    return {"G's step": first, f"G's step, the mean of {DRAWS}": _mean(parts)}


def _noise(s: Scene) -> Tensor:
    return normal(s.z.shape, dtype=s.z.dtype, generator=s.rng)


def _mean(parts: list[Part]) -> Part:
    losses = [part.loss for part in parts if part.loss is not None]
    arrays = {name: np.mean([part.arrays[name] for part in parts], axis=0) for name in parts[0].arrays}
    return Part(float(np.mean(losses)), arrays)


def various(s: Scene) -> Findings:
    fake = s.G(s.z)
    return _as_a_step_sees(s, fake)


def collapsed(s: Scene) -> Findings:
    fake = s.G(s.z)
    fake = tile(fake[_most_average(s, fake)], (len(fake), *[1] * (fake.ndim - 1)))
    return _as_a_step_sees(s, fake)


def _most_average(s: Scene, fake: Tensor) -> slice:
    """The place of the fake whose logit is nearest to their mean."""
    logits = s.D(fake).numpy()[:, 0]
    place = int(np.argmin(np.abs(logits - logits.mean())))
    return slice(place, place + 1)


def _as_a_step_sees(s: Scene, fake: Tensor) -> Findings:
    """The losses on ``fake``, and how far each of them is from the next."""
    loss_d, loss_g = s.loss_d(fake.detach()), s.loss_g(fake)
    apart = mean(abs(fake[1:] - fake[:-1]), axis=tuple(range(1, fake.ndim)))
    return {
        "losses": s.part(None, {"of D": loss_d, "of G": loss_g}),
        "samples": s.part(None, {"mean difference of each to the next": apart}),
    }


def with_long_memory(s: Scene) -> Findings:
    adam = Adam(s.D.parameters(), lr=s.settings.lr, betas=(0.9, 0.999))
    return _turned(s, adam)


def with_short_memory(s: Scene) -> Findings:
    adam = Adam(s.D.parameters(), lr=s.settings.lr, betas=(0.5, 0.999))
    return _turned(s, adam)


def _turned(s: Scene, adam: Adam) -> Findings:
    """The first step, and the last of ten equal gradients and two opposite ones, in learning rates."""
    weights = s.D.parameters()
    gradients = grad(s.loss_d(s.G(s.z).detach()), weights)
    steps = []
    for sign in [1.0] * 10 + [-1.0] * 2:
        before = [p.numpy().copy() for p in weights]
        adam.step([sign * g for g in gradients])
        moves = [(p.numpy() - old) / adam.lr for p, old in zip(weights, before, strict=True)]
        steps.append(s.weights(s.D, [tensor(move) for move in moves]))
    return {"D's first step": steps[0], "D's second step after the turn": steps[-1]}


def kernel_of_4(s: Scene) -> Findings:
    w = ones(1, 1, 4, 4, dtype=s.z.dtype)
    even = ones(1, 1, SIDE, SIDE, dtype=s.z.dtype)
    pixels = conv_transpose2d(even, w, stride=2)
    image = ones(*pixels.shape, dtype=s.z.dtype)
    (gradient,) = grad(sum(conv2d(image, w, stride=2)), [image])
    return _unevenness(s, pixels, gradient)


def kernel_of_5(s: Scene) -> Findings:
    w = ones(1, 1, 5, 5, dtype=s.z.dtype)
    even = ones(1, 1, SIDE, SIDE, dtype=s.z.dtype)
    pixels = conv_transpose2d(even, w, stride=2)
    image = ones(*pixels.shape, dtype=s.z.dtype)
    (gradient,) = grad(sum(conv2d(image, w, stride=2)), [image])
    return _unevenness(s, pixels, gradient)


def _unevenness(s: Scene, pixels: Tensor, gradient: Tensor) -> Findings:
    """The inner pixels of each in shares of their mean, minus 1."""
    pixels, gradient = (x / mean(x) - 1 for x in (x[0, 0, INNER, INNER] for x in (pixels, gradient)))
    return {
        "layer of G": s.part(None, {"unevenness of pixels": pixels}),
        "layer of D": s.part(None, {"unevenness of the gradient": gradient}),
    }


CHANGES = (
    Change(
        "new-z",
        "the noise of G's step, after an update of D",
        Variant("that of D's step again", same_z),
        Variant("new noise", new_z),
        ANY,
    ),
    Change(
        "collapse",
        "the fakes",
        Variant("G's", various),
        Variant("one of them again and again, the one that D judges most like the average", collapsed),
        SINGLES,
    ),
    Change(
        "momentum",
        "beta1 of Adam, as D takes ten equal gradients and then two opposite ones",
        Variant("0.9", with_long_memory),
        Variant("0.5", with_short_memory),
        ANY,
    ),
    Change(
        "kernel",
        "the kernel of a layer of ones with a stride of 2",
        Variant("4 x 4", kernel_of_4),
        Variant("5 x 5", kernel_of_5),
        ANY,
    ),
)
