"""Losses of features: how far images are for a classifier of digits, and how far for a discriminator."""

from __future__ import annotations

from collections.abc import Sequence

from gans.metrics.classifier import load_classifier
from minigrad import Tensor, no_grad
from minigrad.ops import l1_loss, reshape

__all__ = ["Content", "matching", "total"]


class Content:
    """sum_i w_i mean |F_i(x) - F_i(y)| over the convolutions F_i of the shipped classifier.

    Images (n, c, h, w) of any size; each channel is an image for the classifier. The weights double from
    layer to layer, to 1. The classifier takes the place of VGG-19 (Johnson et al. 2016; Wang et al. 2018,
    section 3.5), and is no part of what is trained. No gradient flows to the second images.
    """

    def __init__(self, device: str = "cpu") -> None:
        self.net = load_classifier().net.to(device)

    def __call__(self, x: Tensor, target: Tensor) -> Tensor:
        found = self.net.maps(_channels(x))
        with no_grad():
            known = self.net.maps(_channels(target))
        last = len(found) - 1
        pairs = zip(found, known, strict=True)
        return total([0.5 ** (last - i) * l1_loss(fx, fy) for i, (fx, fy) in enumerate(pairs)])


def matching(fake: Sequence[Sequence[Tensor]], real: Sequence[Sequence[Tensor]]) -> Tensor:
    """sum_k sum_i mean |D_k^i(fake) - D_k^i(real)| of discriminators k (Wang et al. 2018, equation 4).

    ``fake`` and ``real`` have the activations of each discriminator's layers, of which the last are its
    logits; those are left out. The caller makes the real ones without a graph.
    """
    pairs = [
        (x, y)
        for of_fake, of_real in zip(fake, real, strict=True)
        for x, y in zip(of_fake[:-1], of_real[:-1], strict=True)
    ]
    return total([l1_loss(x, y) for x, y in pairs])


def total(parts: Sequence[Tensor]) -> Tensor:
    """The sum of losses."""
    first, *others = parts
    for part in others:
        first = first + part
    return first


def _channels(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    return reshape(x, (n * c, 1, h, w))
