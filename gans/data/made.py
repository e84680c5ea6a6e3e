"""Data made from images, by names such as ``edges:mnist5k``: a maker's prefix, and the images."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gans.data.domains import DOMAINS, DomainData
from gans.data.images import ImageData
from gans.data.pairs import PAIRS, PairData
from gans.data.stacked import StackedData
from gans.data.styles import STYLES, StyleData

__all__ = ["PREFIXES", "Maker", "parted"]


class Maker(NamedTuple):
    """What a prefix stands for: the data set that ``make`` makes of images, and a line about it."""

    summary: str
    make: Callable[[ImageData], PairData | DomainData | StackedData | StyleData]


def _pairs(prefix: str) -> Maker:
    return Maker(f"pairs: {PAIRS[prefix].summary}", lambda images: PairData(prefix, images))


def _domains(prefix: str) -> Maker:
    return Maker(f"two sets: {DOMAINS[prefix].summary}", lambda images: DomainData(prefix, images))


PREFIXES: dict[str, Maker] = {
    **{prefix: _pairs(prefix) for prefix in PAIRS},
    **{prefix: _domains(prefix) for prefix in DOMAINS},
    "stacked": Maker("images: three at random as the colours of one, with 1,000 modes", StackedData),
    "styles": Maker(f"images: each in one of the styles {', '.join(STYLES)}", StyleData),
}
"""The makers of data by the prefix that ``load`` takes before the name or the path of images."""


def parted(text: str) -> tuple[str, str] | None:
    """The prefix and the rest of a name such as ``edges:mnist5k``; None if no maker's prefix stands first.

    >>> parted("edges:mnist5k"), parted("edges"), parted("C:edges")
    (('edges', 'mnist5k'), ('edges', ''), None)
    """
    prefix, _, rest = text.partition(":")
    return (prefix, rest) if prefix in PREFIXES else None
