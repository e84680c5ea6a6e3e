"""Files that a command is asked to write."""

from __future__ import annotations

from pathlib import Path

from gans.errors import UserError
from gans.files import check_output

__all__ = ["check_folder_of"]


def check_folder_of(option: str, path: Path) -> None:
    """Refuse, before any work, the ``path`` that ``option`` gives if no file can be put there.

    Raises UserError if its folder does not exist, or a folder, a link or a device is in its place.
    """
    try:
        check_output(path)
    except UserError as error:
        raise UserError(f"{option} {error}") from error
