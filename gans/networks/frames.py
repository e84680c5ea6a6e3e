"""Clips of frames: G, which makes the next frame from maps and earlier frames, and the frames that D sees."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gans.networks.sampling import moved
from minigrad import Tensor, nn
from minigrad.devices import to_device
from minigrad.ops import broadcast_to, concatenate, maximum, reshape, stack
from minigrad.random import Generator, integers, uniform

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


def painted(
    generator: nn.Module, a: Tensor, before: Tensor, given: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """The frames (n, t, c, h, w) of maps a (n, t, k, h, w), and the flow (n, t - 1, 2, h, w) to each after
    the first.

    ``before`` (n, history, c, h, w) stands for the frames before the first, whose map is also that of
    those frames. ``given`` (m, c, h, w) are the first frames of the first m clips, which are not made then.
    """
    history = before.shape[1]
    maps = [a[:, 0]] * history + [a[:, t] for t in range(a.shape[1])]
    frames = [before[:, t] for t in range(history)]
    flows = []
    for t in range(a.shape[1]):
        seen = concatenate([*maps[t : t + history + 1], *frames[-history:]], axis=1)
        parts = Parts.of(generator(seen))
        if t:
            flows.append(parts.flow)
            frames.append(composed(parts, frames[-1]))
        elif given is None:
            frames.append(parts.image)
        else:
            frames.append(concatenate([given, parts.image[len(given) :]], axis=0))
    return stack(frames[history:], axis=1), stack(flows, axis=1)


def one_colour(shape: tuple[int, ...], rng: Generator, device: str) -> Tensor:
    """Frames (n, t, c, h, w) of one colour each, drawn evenly."""
    colours = uniform((*shape[:3], 1, 1), generator=rng, device=device) * 2 - 1
    return broadcast_to(colours, shape)


def composed(parts: Parts, last: Tensor) -> Tensor:
    """A frame: the last one moved, and the new image where the mask is 1."""
    return (1 - parts.mask) * moved(last, parts.flow) + parts.mask * parts.image


def starts_of(a: Tensor, count: int, rng: Generator, given: int = 0) -> Tensor:
    """The first of ``count`` frames of each of the clips a (n, t, ...), drawn evenly: (n,).

    Of the first ``given`` clips it is not the first frame.
    """
    n, t = a.shape[:2]
    starts = integers(0, t - count + 1, (n,), generator=rng, device=a.device)
    return maximum(starts, Tensor(to_device(np.arange(n) < given, a.device)).astype(np.int64))


def frames_of(a: Tensor, clips: Tensor, starts: Tensor, count: int) -> Tensor:
    """``count`` consecutive maps of a and frames of clips, joined along the channels in their order.

    a (n, t, k, h, w), clips (n, t, c, h, w) and starts (n,) -> (n, count (k + c), h, w).
    """
    n, t, _, h, w = clips.shape
    times = np.arange(n)[:, None] * t + np.arange(count)
    index = reshape(reshape(starts, (n, 1)) + Tensor(to_device(times, clips.device)), (-1,))
    return concatenate([reshape(each(x)[index], (n, -1, h, w)) for x in (a, clips)], axis=1)


def each(clips: Tensor) -> Tensor:
    """All frames of clips: (n, t, c, h, w) -> (n t, c, h, w)."""
    return reshape(clips, (-1, *clips.shape[2:]))
