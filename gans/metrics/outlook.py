"""What an evaluation will measure on data, as far as it shows before training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from gans.metrics.classifier import FEATURES, SHAPE

__all__ = ["outlook"]


class _Images(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def shape(self) -> tuple[int, int, int]: ...
    @property
    def tests(self) -> int: ...


def outlook(data: _Images) -> Iterator[str]:
    """The limits of ``evaluate_images`` on samples of a model that is trained on ``data``, a sentence each.

    >>> import numpy as np
    >>> from gans.data.images import image_data
    >>> list(outlook(image_data("black", np.zeros((9, 28, 28), np.uint8))))
    ['black has 0 test images, and an evaluation needs more than 64: samples cannot be measured']
    """
    tests = data.tests
    if tests <= FEATURES:
        yield (
            f"{data.name} has {tests} test images, and an evaluation needs more than {FEATURES}: samples "
            "cannot be measured"
        )
    elif data.shape != SHAPE:
        yield (
            f"the images of {data.name} are not those of digits, 28 x 28 and grey: an evaluation compares "
            "thumbnails of 8 x 8 pixels unless its classifier of digits recognises them"
        )
