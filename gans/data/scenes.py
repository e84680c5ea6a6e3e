"""Scenes of several digits in colours, and maps of their classes and instances to paint them from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from gans.data.chance import below, branched, keys_of
from gans.data.computed import TEST, ComputedPairs, Floats32, Stream
from gans.data.images import ImageData, Integers
from gans.data.layouts import INSTANCES, UNIT, Objects, label_channels, render

__all__ = ["SceneData"]

SIDE = 56
"""Pixels of a scene's side."""

FEWEST = 2
"""The fewest digits in a scene; the most are ``INSTANCES``."""

SMALLEST, LARGEST = 22, 34
"""Pixels of the longer side of a digit's image in a scene."""

_COUNTS, _SIDES, _PLACES, _OBJECTS = range(4)


@dataclass(frozen=True, eq=False)
class SceneData(ComputedPairs):
    """Pairs (a, b): b is a scene of two to four images of a set, and a the map of what is where.

    b (3, 56, 56): each image has a size, a place and a colour of its own, and may cover others. a: channel 0
    is 1 on the background and channel k + 1 on images of class k; the last but one is 1 on boundaries between
    objects; the last is an object's number, from 1, divided by 4 (``gans.data.layouts.instances`` gives the
    numbers). Without labels there is one class. Colours do not follow from a, which has many answers b. These
    are the inputs of pix2pixHD (Wang et al. 2018, section 3.3).

    There are as many scenes as images, and they are drawn at random from all images of a split.

    >>> from gans.data.mnist5k import load_mnist5k
    >>> scenes = SceneData(load_mnist5k())
    >>> a, b = scenes.batch(np.arange(5))
    >>> a.shape, b.shape
    ((5, 13, 56, 56), (5, 3, 56, 56))
    """

    images: ImageData

    prefix: ClassVar[str] = "scenes"
    kind: ClassVar[Literal["pairs"]] = "pairs"
    one_answer: ClassVar[bool] = False

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (3, 56, 56) of one b."""
        return (3, SIDE, SIDE)

    @property
    def source_shape(self) -> tuple[int, int, int]:
        """Shape (c, 56, 56) of one a."""
        return (label_channels(self.images.classes), SIDE, SIDE)

    def _computed(self, chosen: Integers, stream: Stream) -> tuple[Floats32, Floats32]:
        keys = keys_of(chosen, stream)
        counts = FEWEST + below(branched(keys, _COUNTS), (INSTANCES - FEWEST + 1,))[:, 0]
        sides = SMALLEST + below(branched(keys, _SIDES), (LARGEST - SMALLEST + 1,) * INSTANCES)
        room = (SIDE - sides) * UNIT + 1
        places = below(branched(keys, _PLACES), np.concatenate([room, room], axis=1))
        objects = Objects.drawn(self.images, stream == TEST, branched(keys, _OBJECTS), sides, counts)
        return render(objects, places[:, :INSTANCES], places[:, INSTANCES:], SIDE, self.images.classes)
