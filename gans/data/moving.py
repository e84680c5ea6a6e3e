"""Clips of moving digits in colours, and maps of their classes and instances in each frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from gans.data.chance import below, branched, keys_of
from gans.data.computed import TEST, ComputedPairs, Floats32, Stream
from gans.data.images import ImageData, Integers
from gans.data.layouts import UNIT, Objects, label_channels, render

__all__ = ["MovingData", "bounced"]

FRAMES = 8
"""Frames of a clip."""

SIDE = 32
"""Pixels of a frame's side."""

DIGITS = 2
"""The most digits in a clip."""

SMALLEST, LARGEST = 16, 22
"""Pixels of the longer side of a digit's image in a frame."""

SLOWEST, FASTEST = 8, 40
"""Speed along each side, in sixteenths of a pixel for a frame."""

_COUNTS, _SIDES, _PLACES, _OBJECTS, _SPEEDS = range(5)


@dataclass(frozen=True, eq=False)
class MovingData(ComputedPairs):
    """Clips of one or two images of a set that move and bounce, each with the map of every frame.

    b (8, 3, 32, 32) are the frames: an image moves on a line, turns at the sides, and keeps its size and
    its colour. a (8, c, 32, 32) are their maps, with the channels of ``SceneData``. Colours do not follow
    from a, but are the same in all frames: what makes them anew in each frame flickers (Wang et al. 2018,
    vid2vid; the moving digits are after Srivastava et al. 2015).

    There are as many clips as images, and they are drawn at random from all images of a split.

    >>> from gans.data.mnist5k import load_mnist5k
    >>> clips = MovingData(load_mnist5k())
    >>> a, b = clips.batch(np.arange(5))
    >>> a.shape, b.shape
    ((5, 8, 13, 32, 32), (5, 8, 3, 32, 32))
    """

    images: ImageData

    prefix: ClassVar[str] = "moving"
    kind: ClassVar[Literal["clips"]] = "clips"
    one_answer: ClassVar[bool] = False

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape (t, 3, h, w) of one b."""
        return (FRAMES, 3, SIDE, SIDE)

    @property
    def source_shape(self) -> tuple[int, int, int, int]:
        """Shape (t, c, h, w) of one a."""
        return (FRAMES, label_channels(self.images.classes), SIDE, SIDE)

    def _computed(self, chosen: Integers, stream: Stream) -> tuple[Floats32, Floats32]:
        keys = keys_of(chosen, stream)
        counts = 1 + below(branched(keys, _COUNTS), (DIGITS,))[:, 0]
        sides = SMALLEST + below(branched(keys, _SIDES), (LARGEST - SMALLEST + 1,) * DIGITS)
        objects = Objects.drawn(self.images, stream == TEST, branched(keys, _OBJECTS), sides, counts)
        room = np.repeat((SIDE - sides) * UNIT, 2, axis=1)  # the top and the left of each
        starts = below(branched(keys, _PLACES), room + 1)
        drawn = below(branched(keys, _SPEEDS), (2 * (FASTEST - SLOWEST + 1),) * 2 * DIGITS)
        speeds = np.where(drawn % 2 == 0, 1, -1) * (SLOWEST + drawn // 2)
        frames = []
        for time in range(FRAMES):
            places = bounced(starts + speeds * time, room)
            frames.append(render(objects, places[:, ::2], places[:, 1::2], SIDE, self.images.classes))
        sources, targets = zip(*frames, strict=True)
        return np.stack(sources, axis=1), np.stack(targets, axis=1)


def bounced(places: Integers, room: Integers) -> Integers:
    """Places on a line that is reflected at 0 and at ``room``."""
    there = places % (2 * room)
    return np.where(there <= room, there, 2 * room - there)
