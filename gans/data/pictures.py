"""A small picture in a file as grey or RGB bytes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from gans.data.idx import Bytes
from gans.data.sizes import LARGEST, SMALLEST, fits
from gans.files import damaged, open_file
from gans.pictures import UNREADABLE, opened

__all__ = ["RESIZE", "SUFFIXES", "flattened", "read_picture"]

SUFFIXES = (".png", ".jpg", ".jpeg")
"""The names of pictures end so, in small letters or capitals."""

RESIZE = "`gans resize` makes pictures of one size"

_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
"""What may be in such a file, whatever its suffix; none of them makes Pillow run another program."""

_MOST_BYTES = 2**20
"""A picture of 64 x 64 pixels in colour takes 12 KiB; the rest is for profiles, previews and remarks."""

_REPAIR = "save it anew as PNG or JPEG, or remove it"


def read_picture(path: Path) -> Bytes:
    """The picture in a file as uint8, grey (h, w) or RGB (h, w, 3); it is grey if all its pixels are.

    Transparent pixels become white, palettes RGB, and the upper 8 of 16 bits are kept. A picture that a
    camera turned (EXIF) is upright.

    Raises UserError if the file is missing, damaged, longer than 1 MiB, animated or no picture, or a side has
    fewer than 8 or more than 64 pixels.
    """
    try:
        with open_file(path) as file:
            size = os.fstat(file.fileno()).st_size
            content = file.read(_MOST_BYTES)
        with opened(content, _FORMATS) as picture:
            width, height = picture.size
            if not fits(height, width):
                raise damaged(
                    path,
                    f"a picture of {width:,} x {height:,} pixels, expected {SMALLEST} to {LARGEST} a side",
                    RESIZE,
                    "",
                )
            if size > _MOST_BYTES:
                raise damaged(path, f"{size:,} bytes long, expected at most {_MOST_BYTES:,}", _REPAIR, "")
            if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
                raise damaged(path, "an animated picture", "save one of its frames in its place", "")
            return _grey_if_it_is(np.asarray(flattened(picture)))
    except UNREADABLE as error:
        raise damaged(path, _reason(error), _REPAIR, "cannot be read") from error


def flattened(picture: Image.Image) -> Image.Image:
    """A picture in grey (mode L) or RGB: upright, on white, of 8 bits."""
    if picture.format in ("JPEG", "MPO") or "exif" in picture.info:
        picture = ImageOps.exif_transpose(picture)
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture.convert("RGBA"))
    if picture.mode.startswith("I"):
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    return picture if picture.mode == "L" else picture.convert("RGB")


def _grey_if_it_is(pixels: Bytes) -> Bytes:
    if pixels.ndim == 2:
        return pixels
    grey: Bytes = pixels[..., 0]
    return grey if (pixels == grey[..., None]).all() else pixels


def _reason(error: BaseException) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "no PNG or JPEG"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
