"""A picture of a run: its PNG, and the numbers that it shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans.errors import UserError
from gans.files import write
from gans.options import StrPath
from gans.paths import user_path

__all__ = ["Picture", "check_png"]


class Picture:
    """A picture of a run, which a notebook shows.

    ``kind`` is its kind's name, such as "interpolation"; ``numbers`` are the arrays that are drawn, by name.
    """

    def __init__(self, kind: str, content: bytes, numbers: Mapping[str, NDArray[Any]]) -> None:
        self.kind = kind
        self.numbers = dict(numbers)
        self._content = content

    def png(self) -> bytes:
        """The bytes of the PNG file."""
        return self._content

    def save(self, path: StrPath) -> None:
        """Write the picture to ``path``, a name that ends in .png; UserError for another one."""
        check_png(Path(path))
        write(user_path(path), self._content)

    def __repr__(self) -> str:
        held = ", ".join(f"{name} {np.shape(array)}" for name, array in self.numbers.items())
        return f"Picture({self.kind}: {held})"

    def _repr_png_(self) -> bytes:
        return self._content


def check_png(path: Path) -> None:
    """Raise UserError if the name does not end in .png."""
    if path.suffix.lower() != ".png":
        raise UserError(f"{path}: the name must end in .png")
