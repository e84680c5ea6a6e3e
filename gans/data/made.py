"""Data made from images, by names such as ``edges:mnist5k``: a maker's prefix, and the images."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gans.data.domains import DOMAINS, DomainData
from gans.data.images import ImageData
from gans.data.moving import MovingData
from gans.data.pairs import PAIRS, PairData
from gans.data.partial import PartialData, few_labels
from gans.data.scenes import SceneData
from gans.data.stacked import StackedData
from gans.data.styles import STYLES, StyleData

__all__ = ["PREFIXES", "Made", "Maker", "maker_of", "parted"]


Made = PairData | DomainData | StackedData | StyleData | PartialData | SceneData | MovingData
"""The data sets that are made from images."""


class Maker(NamedTuple):
    """What a prefix stands for: the data set that ``make`` makes of images, and a line about it."""

    summary: str
    make: Callable[[ImageData], Made]


def _pairs(prefix: str) -> Maker:
    return Maker(f"pairs: {PAIRS[prefix].summary}", lambda images: PairData(prefix, images))


def _domains(prefix: str) -> Maker:
    return Maker(f"two sets: {DOMAINS[prefix].summary}", lambda images: DomainData(prefix, images))


def _few_labels(count: int, split: int = 0) -> Maker:
    summary = f"images, {count} of which have labels; any number, and labels{count}-1 for another choice"
    return Maker(summary, lambda images: PartialData(images, count, split))


PREFIXES: dict[str, Maker] = {
    **{prefix: _pairs(prefix) for prefix in PAIRS},
    **{prefix: _domains(prefix) for prefix in DOMAINS},
    "stacked": Maker("images: three at random as the colours of one, with 1,000 modes", StackedData),
    "styles": Maker(f"images: each in one of the styles {', '.join(STYLES)}", StyleData),
    "labels100": _few_labels(100),
    "scenes": Maker("pairs: a map of classes and instances -> a scene of two to four images", SceneData),
    "moving": Maker("clips: a map of each frame -> one or two images that move and bounce", MovingData),
}
"""The makers of data by the prefix that ``load`` takes before the name or the path of images.

``labels100`` stands for any number of labels.
"""


def maker_of(prefix: str) -> Maker:
    """The maker of this prefix; KeyError if there is none.

    >>> maker_of("labels20-1").summary[:28]
    'images, 20 of which have lab'
    """
    choice = few_labels(prefix)
    return PREFIXES[prefix] if choice is None else _few_labels(*choice)


def parted(text: str) -> tuple[str, str] | None:
    """The prefix and the rest of a name such as ``edges:mnist5k``; None if no maker's prefix stands first.

    >>> parted("edges:mnist5k"), parted("labels20"), parted("C:edges")
    (('edges', 'mnist5k'), ('labels20', ''), None)
    """
    prefix, _, rest = text.partition(":")
    return (prefix, rest) if prefix in PREFIXES or few_labels(prefix) is not None else None
