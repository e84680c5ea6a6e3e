"""The next frame of a clip from maps and earlier frames: a new image, a flow, and where to use which."""

from __future__ import annotations

from typing import NamedTuple

from minigrad import Tensor, nn
from minigrad.ops import concatenate

REACH = 4.0
"""The largest flow along a side, in pixels a frame."""


class Parts(NamedTuple):
    """What a frame is made of: ``image`` (n, c, h, w) in [-1, 1], ``flow`` (n, 2, h, w) in pixels, to the
    right and down, and ``mask`` (n, 1, h, w), the share of ``image`` at each pixel, from 0 to 1."""

    image: Tensor
    flow: Tensor
    mask: Tensor

    @classmethod
    def of(cls, out: Tensor) -> Parts:
        """The parts in a network's output (n, c + 3, h, w), all of which lies in [-1, 1]."""
        return cls(out[:, :-3], REACH * out[:, -3:-1], (1 + out[:, -1:]) / 2)


class FrameGenerator(nn.Module):
    """Maps and earlier frames, joined along the channels (n, inputs, h, w) -> (n, channels + 3, h, w).

    ``Parts.of`` reads the parts of a frame off it.

    The frame is halved twice, passes residual blocks, and is doubled twice, with connections from each size
    to the same size on the way up. It has no normalisation: what a norm takes away, such as the brightness of
    the whole frame, is what frames have in common. Sides are multiples of 4.

    >>> from minigrad import zeros
    >>> FrameGenerator(5, channels=3, features=4)(zeros((2, 5, 32, 32))).shape
    (2, 6, 32, 32)
    """

    def __init__(self, inputs: int, channels: int, features: int) -> None:
        more = 2 * features
        self.down = _stage(nn.Conv2d(inputs, features, 4, 2, padding=1))
        self.deeper = _stage(nn.Conv2d(features, more, 4, 2, padding=1))
        self.blocks = nn.ModuleList(_stage(nn.Conv2d(more, more, 3, padding=1)) for _ in range(2))
        self.back = _stage(nn.ConvTranspose2d(more, features, 4, 2, padding=1))
        self.up = _stage(nn.ConvTranspose2d(2 * features, features, 4, 2, padding=1))
        self.last = nn.Sequential(nn.Conv2d(features + inputs, channels + 3, 3, padding=1), nn.Tanh())

    def forward(self, seen: Tensor) -> Tensor:
        half = self.down(seen)
        x = self.deeper(half)
        for block in self.blocks:
            x = x + block(x)
        x = self.up(concatenate([self.back(x), half], axis=1))
        return self.last(concatenate([x, seen], axis=1))


def _stage(conv: nn.Module) -> nn.Sequential:
    return nn.Sequential(conv, nn.LeakyReLU(0.2))
