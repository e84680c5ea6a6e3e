"""Pictures of any size and format made into a folder of pictures of one size, which ``load`` reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image, ImageOps

from gans.data.folders import entries
from gans.data.pictures import flattened
from gans.errors import UserError
from gans.files import read
from gans.pictures import UNREADABLE, no_bombs, opened

__all__ = ["resize"]

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")

_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
_MOST_BYTES, _MOST_PIXELS = 2**28, 2**27
_DEEPEST = 8


def resize(
    source: Path, target: Path, height: int, width: int, pass_over: Callable[[Path], None] = lambda path: None
) -> int:
    """Write each picture below ``source`` as PNG of one size to the same place below ``target``.

    A picture is cut around its centre to the shape of ``height`` x ``width`` pixels, then resized (Lanczos);
    of an animated one, the first frame is taken. Files that cannot be read are passed to ``pass_over``.
    Returns the number of pictures that were written.

    Raises UserError if there are no pictures, or ``target`` exists and is not an empty folder.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UserError(f"{target}: exists already; name a new folder")
    written = 0
    with no_bombs():
        for path in list(_pictures(source, _DEEPEST)):  # before any are written
            try:
                picture = _resized(path, height, width)
            except UNREADABLE:
                pass_over(path)
                continue
            _write(picture, target / path.relative_to(source))
            written += 1
    if written == 0:
        raise UserError(f"{source}: no pictures in it; they are files in {', '.join(SUFFIXES)}")
    return written


def _pictures(folder: Path, deep: int) -> Iterator[Path]:
    yield from (path for path in entries(folder, folders=False) if path.suffix.lower() in SUFFIXES)
    if deep:
        for below in entries(folder, folders=True):
            yield from _pictures(below, deep - 1)


def _resized(path: Path, height: int, width: int) -> Image.Image:
    with opened(read(path, _MOST_BYTES), _FORMATS) as picture:
        if picture.width * picture.height > _MOST_PIXELS:
            raise ValueError(f"{path}: a picture of {picture.width} x {picture.height} pixels")
        longest = 2 * max(height, width)
        picture.draft(None, (longest, longest))  # a JPEG is decoded at an eighth, a quarter or a half
        return ImageOps.fit(flattened(picture), (width, height), Image.Resampling.LANCZOS)


def _write(picture: Image.Image, place: Path) -> None:
    """Write ``place`` in PNG; its old suffix stays in the name if another picture has the new one."""
    place.parent.mkdir(parents=True, exist_ok=True)
    path = place.with_suffix(".png")
    picture.save(path if not path.exists() else place.with_name(f"{place.name}.png"), "PNG")
