"""Content: how far two images are for the layers of a classifier of digits (Johnson et al. 2016)."""

from __future__ import annotations

from gans.metrics.classifier import load_classifier
from minigrad import Tensor, no_grad
from minigrad.ops import l1_loss, reshape

__all__ = ["Content"]


class Content:
    """sum_i w_i mean |F_i(x) - F_i(y)| over the convolutions F_i of the shipped classifier.

    Images (n, c, h, w) of any size; each channel is an image for the classifier. The weights double from
    layer to layer, to 1. The classifier takes the place of VGG-19, and is no part of what is trained. No
    gradient flows to the second images.
    """

    def __init__(self, device: str = "cpu") -> None:
        self.net = load_classifier().net.to(device)

    def __call__(self, x: Tensor, target: Tensor) -> Tensor:
        found = self.net.maps(_channels(x))
        with no_grad():
            known = self.net.maps(_channels(target))
        weights = [0.5**i for i in reversed(range(len(found)))]
        parts = [w * l1_loss(fx, fy) for w, fx, fy in zip(weights, found, known, strict=True)]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total


def _channels(x: Tensor) -> Tensor:
    n, c, h, w = x.shape
    return reshape(x, (n * c, 1, h, w))
