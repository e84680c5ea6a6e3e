"""Two sets of images without correspondence: the halves of one set, the second of them transformed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from gans.data.chance import Keys, keys_of, uniform
from gans.data.computed import Computed, Floats32, Indices
from gans.data.images import ImageData
from gans.data.neighbourhoods import brightest_of_square, darkest_of_square
from gans.data.textures import between, textured
from gans.errors import UserError

__all__ = [
    "DOMAINS",
    "DomainData",
    "DomainMaker",
    "coloured",
    "in_three",
    "ink",
    "inverted",
    "rotated",
    "rotated_back",
    "thick",
    "thin",
]

Side = Literal["a", "b"]

COLOURS = 3
"""Colours along each side of a background of ``coloured``, between which it passes smoothly."""

_TRAIN, _TEST, _HALVES = range(3)


def inverted(a: Floats32) -> Floats32:
    """Black for white: -a, which is also the way back."""
    return -a


def rotated(a: Floats32) -> Floats32:
    """A quarter turn against the clock."""
    return np.ascontiguousarray(np.rot90(a, axes=(2, 3)))


def rotated_back(b: Floats32) -> Floats32:
    """A quarter turn with the clock."""
    return np.ascontiguousarray(np.rot90(b, -1, axes=(2, 3)))


def thick(a: Floats32) -> Floats32:
    """The largest value of each pixel and its eight neighbours: strokes are two pixels wider."""
    return brightest_of_square(a)


def thin(b: Floats32) -> Floats32:
    """The smallest value of each pixel and its eight neighbours: ``thick`` undone, but for narrow gaps."""
    return darkest_of_square(b)


def coloured(a: Floats32, keys: Keys) -> Floats32:
    """The bright parts of a, in white, before a background of colours: three channels.

    With t = (mean of a's channels + 1) / 2 and a background c, which is drawn for each image and whose least
    channel is 0 at every pixel, b = 2 (t + (1 - t) c) - 1: the least channel of b is a in grey.
    """
    t = (a.mean(axis=1, keepdims=True) + 1) / 2
    background = _background(keys, *a.shape[2:])
    background *= 1 - t
    background += t
    background *= 2
    background -= 1
    return background


def ink(b: Floats32) -> Floats32:
    """The least channel, in all three: ``coloured`` undone."""
    least: Floats32 = b.min(axis=1, keepdims=True)
    return least.repeat(3, axis=1)


def _background(keys: Keys, h: int, w: int) -> Floats32:
    """Colours whose least channel is 0, float32 (n, 3, h, w) in [0, 1]."""
    corners = uniform(keys, 3 * COLOURS**2).reshape(len(keys), 3, COLOURS, COLOURS)
    smooth: Floats32 = np.matmul(
        np.matmul(between(h, COLOURS), corners), between(w, COLOURS).T
    )  # (h, k) @ (n, 3, k, k) @ (k, w)
    smooth -= smooth.min(axis=1, keepdims=True)
    smooth /= smooth.max(axis=1, keepdims=True) + np.float32(0.05)
    return smooth


def _as_it_is(a: Floats32) -> Floats32:
    return a


def in_three(a: Floats32) -> Floats32:
    """Three equal channels: the mean of a's."""
    mean: Floats32 = a.mean(axis=1, keepdims=True)
    return mean.repeat(3, axis=1)


@dataclass(frozen=True)
class DomainMaker:
    """``there`` makes b of a, and ``back``, where there is a way back, a of b; ``enter`` makes a of an image.

    ``channels`` is their number in a and b, if it is not that of the images. ``one_answer`` is false where b
    is one of many that fit a. ``square`` says that the images must be.
    """

    summary: str
    there: Callable[[Floats32, Keys], Floats32]
    back: Callable[[Floats32], Floats32] | None
    enter: Callable[[Floats32], Floats32] = _as_it_is
    channels: int | None = None
    one_answer: bool = True
    square: bool = False


DOMAINS: dict[str, DomainMaker] = {
    "inverted": DomainMaker("images | others, black for white", lambda a, keys: inverted(a), inverted),
    "rotated": DomainMaker(
        "images | others, turned by 90 degrees", lambda a, keys: rotated(a), rotated_back, square=True
    ),
    "thick": DomainMaker("images | others, with thick strokes", lambda a, keys: thick(a), thin),
    "coloured": DomainMaker(
        "images | others, before colours; both RGB", coloured, ink, in_three, channels=3, one_answer=False
    ),
    "textured": DomainMaker(
        "images | others, blended with coloured textures, as MNIST-M; both RGB",
        textured,
        None,
        in_three,
        channels=3,
        one_answer=False,
    ),
}
"""The makers of domains by the prefix that ``load`` takes."""


@dataclass(frozen=True, eq=False)
class DomainData(Computed):
    """Two sets: a holds one half of a set's training images, b the other half, transformed.

    ``prefix`` names the transformation. Neither set has the counterpart of an image of the other; an image's
    number decides its half. b is computed on demand, the same for the same image at any time, and never
    stored. The counterparts of test images are known, so that a translation can be measured.

    a and b have as many channels as each other, also where b is in colour and a is grey: CycleGAN's identity
    loss gives each generator the images that it should make.

    Raises UserError if there are fewer than two images, or the transformation needs square ones and they are
    not.

    >>> from gans.data.mnist5k import load_mnist5k
    >>> domains = DomainData("rotated", load_mnist5k())
    >>> domains.sizes, domains.a(np.arange(5)).shape, domains.b(slice(4)).shape
    ((2500, 2500), (5, 1, 28, 28), (4, 1, 28, 28))
    """

    prefix: str
    images: ImageData

    kind: ClassVar[Literal["domains"]] = "domains"
    vocabulary: ClassVar[int] = 0

    def __post_init__(self) -> None:
        _, h, w = self.images.shape
        if DOMAINS[self.prefix].square and h != w:
            raise UserError(
                f"{self.name}: needs square images; those of {self.images.name} have {h} x {w} pixels"
            )
        if len(self.images) < 2:
            raise UserError(f"{self.name}: needs two training images at least; {self.images.name} has one")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (c, h, w) of one b."""
        c, h, w = self.images.shape
        return (DOMAINS[self.prefix].channels or c, h, w)

    @property
    def source_shape(self) -> tuple[int, int, int]:
        """Shape (c, h, w) of one a: that of b."""
        return self.shape

    @property
    def sizes(self) -> tuple[int, int]:
        """Numbers of training images in a and in b: equal, or b has one more."""
        return len(self._halves[0]), len(self._halves[1])

    @property
    def classes(self) -> int:
        """Number of classes of the images."""
        return self.images.classes

    @property
    def one_answer(self) -> bool:
        """Whether an a has one counterpart; a b always has."""
        return DOMAINS[self.prefix].one_answer

    @property
    def readable(self) -> bool:
        """Whether ``plain`` makes of b what a classifier of plain images reads: there is a way back to a."""
        return DOMAINS[self.prefix].back is not None

    @property
    def test_labels(self) -> npt.NDArray[np.uint8]:
        """The class of each test image, or none."""
        return self.images.test_labels

    def labels(self, side: Side, indices: Indices = None) -> npt.NDArray[np.uint8]:
        """The class of each training image of a or of b, or of these images, or none."""
        half = self._halves[side == "b"]
        chosen = half if indices is None else half[indices]
        return self.images.labels[chosen] if len(self.images.labels) else self.images.labels

    def a(self, indices: Indices = None) -> Floats32:
        """Training images of a, float32 (n, c, h, w) in [-1, 1]; all of them if no indices are given."""
        chosen = self._halves[0] if indices is None else self._halves[0][indices]
        return DOMAINS[self.prefix].enter(self.images.train(chosen))

    def b(self, indices: Indices = None) -> Floats32:
        """Training images of b, as ``a`` gives those of a."""
        chosen = self._halves[1] if indices is None else self._halves[1][indices]
        return self._transformed(self.images.train(chosen), chosen, _TRAIN)

    def test(self, indices: Indices = None) -> tuple[Floats32, Floats32]:
        """Test images in a and their counterparts in b, each float32 (n, c, h, w)."""
        everything = np.arange(self.tests)
        chosen = everything if indices is None else everything[indices]
        images = self.images.test(chosen)
        return DOMAINS[self.prefix].enter(images), self._transformed(images, chosen, _TEST)

    def plain(self, images: Floats32, side: Side) -> Floats32:
        """Images of a or b as a classifier of plain grey images reads them, (n, 1, h, w).

        Those of b are a again where there is a way back, and else b in grey.
        """
        back = DOMAINS[self.prefix].back
        straight = back(images) if side == "b" and back else images
        return straight.mean(axis=1, keepdims=True) if straight.shape[1] > 1 else straight

    @cached_property
    def _halves(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """The images of a and of b, by their numbers: in an order that has nothing to do with the classes."""
        count = len(self.images)
        order = np.argsort(keys_of(np.arange(count), _HALVES), kind="stable")
        return order[: count // 2], order[count // 2 :]

    def _transformed(self, images: Floats32, indices: npt.NDArray[np.int64], stream: int) -> Floats32:
        maker = DOMAINS[self.prefix]
        return maker.there(maker.enter(images), keys_of(indices, stream))
