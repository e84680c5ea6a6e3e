"""Pictures of a run that hold a fingerprint of what they show: two are equal only if every number is.

Matplotlib takes longer for a picture of a toy than the training takes for its steps. Tests of whole runs that
are not about pictures draw these in its place.
"""

from __future__ import annotations

import hashlib
import inspect
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gans import plots

DRAWN = ("training_curves", "figure_curves", "scatter", "density")
"""The pictures that Matplotlib draws; the others are made of pixels."""

SIDE = 8


def fingerprinted(draw: Callable[..., bytes]) -> Callable[..., bytes]:
    """A function with the arguments of ``draw`` that makes a PNG of their fingerprint."""
    signature = inspect.signature(draw)

    @wraps(draw)
    def made(*arguments: Any, **named: Any) -> bytes:
        bound = signature.bind(*arguments, **named)
        digest = hashlib.shake_256(draw.__name__.encode())
        for part in parts_of(bound.arguments):
            digest.update(part)
        pixels = np.frombuffer(digest.digest(SIDE * SIDE * 3), np.uint8).reshape(SIDE, SIDE, 3)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        return file.getvalue()

    return made


def parts_of(value: Any) -> Iterator[bytes]:
    """The bytes of numbers, texts and arrays, in their order, and of D at some places."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield name.encode()
            yield from parts_of(one)
        points = value.get("points")
        if points is not None and value.get("surface") is not None:
            yield value["surface"].at(np.asarray(points, np.float64)[:9]).tobytes()
    elif isinstance(value, list | tuple):
        for one in value:
            yield from parts_of(one)
    elif isinstance(value, np.ndarray):
        yield repr((value.dtype, value.shape)).encode() + value.tobytes()
    elif isinstance(value, str | int | float | None):
        yield repr(value).encode()


@contextmanager
def drawing_fingerprints() -> Iterator[None]:
    """A block in which runs have such pictures; it outlasts what a test undoes of its own changes."""
    with pytest.MonkeyPatch.context() as patch:
        for name in DRAWN:
            patch.setattr(plots, name, fingerprinted(getattr(plots, name)))
        yield


@pytest.fixture
def fingerprints() -> Iterator[None]:
    """Pictures with fingerprints in the place of Matplotlib's."""
    with drawing_fingerprints():
        yield
