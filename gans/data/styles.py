"""Images in several styles, one style each: the domains that a single generator translates between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from gans.data.chance import keys_of
from gans.data.computed import TEST, TRAIN, ComputedImages, Indices, Stream
from gans.data.domains import in_three, inverted, thick, thin
from gans.data.images import ImageData, Integers
from gans.data.neighbourhoods import brightest_of_square
from gans.errors import UserError

__all__ = ["STYLES", "Style", "StyleData", "golden", "grey_of_golden", "hollow", "hollow_filled"]

Floats32 = npt.NDArray[np.float32]

GOLD = np.array([1.0, 0.75, 0.0], np.float32).reshape(3, 1, 1)


def hollow(x: Floats32) -> Floats32:
    """The surroundings of bright parts, one pixel wide: ``thick`` of x without x."""
    surroundings = brightest_of_square(x)
    surroundings -= x
    surroundings -= 1
    return surroundings


def hollow_filled(y: Floats32) -> Floats32:
    """Bright parts where narrow gaps are filled: near to ``thick`` of what ``hollow`` was made from."""
    return thin(brightest_of_square(y))


def golden(x: Floats32) -> Floats32:
    """The image of three equal channels in gold on black: (x + 1) c - 1 with c = (1, 0.75, 0)."""
    gold: Floats32 = (x + 1) * GOLD - 1
    return gold


def grey_of_golden(y: Floats32) -> Floats32:
    """Three equal channels, the first of y: ``golden`` undone."""
    return y[:, :1].repeat(3, axis=1)


def _as_it_is(x: Floats32) -> Floats32:
    return x


@dataclass(frozen=True)
class Style:
    """``there`` makes an image of this style from a plain one, and ``back`` a plain one of it, or nearly."""

    there: Callable[[Floats32], Floats32]
    back: Callable[[Floats32], Floats32]


STYLES: dict[str, Style] = {
    "plain": Style(_as_it_is, _as_it_is),
    "inverted": Style(inverted, inverted),
    "thick": Style(thick, thin),
    "hollow": Style(hollow, hollow_filled),
    "golden": Style(golden, grey_of_golden),
}
"""The styles by name, in the order of their classes."""


@dataclass(frozen=True, eq=False)
class StyleData(ComputedImages):
    """The images of a set in three channels, each in one of ``STYLES``, which is its class.

    The number of an image decides its style; each style has as many images as another, or one more. An image
    is that of the same number in ``images``, where it may have a label of its own. What a test image is in
    another style is known, so that a translation can be measured.

    Raises UserError if there are fewer training images than styles.

    >>> from gans.data.mnist5k import load_mnist5k
    >>> styles = StyleData(load_mnist5k())
    >>> styles.class_names, np.bincount(styles.labels)
    (('plain', 'inverted', 'thick', 'hollow', 'golden'), array([1000, 1000, 1000, 1000, 1000]))
    """

    images: ImageData

    prefix: ClassVar[str] = "styles"
    class_names: ClassVar[tuple[str, ...]] = tuple(STYLES)

    def __post_init__(self) -> None:
        if len(self) < len(STYLES):
            raise UserError(
                f"{self.name}: needs {len(STYLES)} training images at least, one for each style; "
                f"{self.images.name} has {len(self)}"
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (3, h, w) of one image."""
        return (3, *self.images.shape[1:])

    @property
    def classes(self) -> int:
        """Number of styles."""
        return len(STYLES)

    @property
    def missing(self) -> tuple[str, ...]:
        """What the images lack for an evaluation; the labels are styles, which are known."""
        return tuple(kind for kind in self.images.missing if "labels" not in kind)

    @cached_property
    def labels(self) -> Integers:
        """The style of each training image, int64 (n,)."""
        return _even(len(self), TRAIN)

    @cached_property
    def test_labels(self) -> Integers:
        """The style of each test image."""
        return _even(self.tests, TEST)

    def in_style(self, style: int, indices: Indices = None) -> Floats32:
        """Test images in one style, float32 (n, 3, h, w); all of them if no indices are given."""
        return STYLES[self.class_names[style]].there(in_three(self.images.test(indices)))

    def plain(self, images: Floats32, style: int) -> Floats32:
        """Images of a style as a classifier of plain grey images reads them, (n, 1, h, w)."""
        grey: Floats32 = STYLES[self.class_names[style]].back(images).mean(axis=1, keepdims=True)
        return grey

    def _computed(self, chosen: Integers, stream: Stream) -> Floats32:
        testing = stream == TEST
        x = in_three(self.images.test(chosen) if testing else self.images.train(chosen))
        styles = (self.test_labels if testing else self.labels)[chosen]
        for number, style in enumerate(STYLES.values()):
            rows = np.flatnonzero(styles == number)
            x[rows] = style.there(x[rows])
        return x


def _even(count: int, stream: Stream) -> Integers:
    """A style for each of ``count`` images, in an order that has nothing to do with their classes."""
    styles = np.empty(count, np.int64)
    styles[np.argsort(keys_of(np.arange(count), stream), kind="stable")] = np.arange(count) % len(STYLES)
    return styles
