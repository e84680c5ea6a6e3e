"""What a system has to know about a data set: its kind, its sizes, its classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["KIND_WORDS", "Kind", "Shape", "Spec", "spec_of"]

Kind = Literal["image", "points", "pairs", "domains", "clips", "partial", "sequences"]
"""``pairs`` are images with a target each, ``domains`` two sets of images, ``clips`` frames with a map of
each, ``partial`` images of which few have labels, ``sequences`` rows of tokens."""

Shape = tuple[int, ...]

KIND_WORDS: dict[Kind, str] = {
    "image": "images",
    "points": "points",
    "pairs": "pairs of images",
    "domains": "two sets of images",
    "clips": "clips of frames",
    "partial": "images of which few have labels",
    "sequences": "sequences",
}


@dataclass(frozen=True)
class Spec:
    """The kind and the sizes of a data set, without the data.

    ``shape`` is that of one sample: (c, h, w), (t, c, h, w), (d,) or (length,). ``classes`` is the number of
    classes of labelled images or domains, 0 without labels; ``source`` the shape of an image that is
    translated, for pairs and domains, or of a clip's maps; ``vocabulary`` the number of tokens.

    >>> Spec("image", (1, 28, 28), classes=10).is_image
    True
    """

    kind: Kind
    shape: Shape
    classes: int = 0
    source: Shape | None = None
    vocabulary: int = 0

    @property
    def is_image(self) -> bool:
        """Whether samples are images (c, h, w)."""
        return len(self.shape) == 3

    @classmethod
    def of(cls, shape: Shape | Spec) -> Spec:
        """``shape`` as the Spec of plain images (c, h, w) or points (d,); a Spec as it is."""
        if isinstance(shape, Spec):
            return shape
        return cls("image" if len(shape) == 3 else "points", tuple(shape))


def spec_of(data: Any) -> Spec:
    """The Spec of a data set."""
    return Spec(
        data.kind,
        tuple(data.shape),
        classes=int(data.classes) if data.kind in ("image", "domains", "partial") else 0,
        source=getattr(data, "source_shape", None),
        vocabulary=getattr(data, "vocabulary", 0),
    )
