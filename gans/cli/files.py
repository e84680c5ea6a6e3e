"""Files that a command writes."""

from __future__ import annotations

from pathlib import Path

from gans.errors import UserError
from gans.files import check_output

__all__ = ["check_folder_of"]


def check_folder_of(option: str, path: Path) -> None:
    """Check, before any work, that a file can be written at ``path``, the value of ``option``.

    Raises UserError if its folder does not exist, or a folder, a link or a device is in its place.
    """
    try:
        check_output(path)
    except UserError as error:
        raise UserError(f"{option} {error}") from error
