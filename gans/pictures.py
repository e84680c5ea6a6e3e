"""Picture files as Pillow reads them, with its many exceptions in one place."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from gans.files import DAMAGE

__all__ = ["UNREADABLE", "no_bombs", "opened"]

UNREADABLE = (
    OSError,
    SyntaxError,
    EOFError,
    zlib.error,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    *DAMAGE,
)
"""Pillow's exceptions for files that are no pictures, or damaged."""


@contextmanager
def no_bombs() -> Iterator[None]:
    """A block in which a picture of too many pixels is an error where Pillow only warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def opened(content: bytes, formats: tuple[str, ...]) -> Image.Image:
    """The picture in ``content``, of one of Pillow's ``formats``; so far, only its header is read.

    Raises one of ``UNREADABLE`` if there is none.
    """
    return Image.open(io.BytesIO(content), formats=formats)
