"""Files that a command is asked to write."""

from __future__ import annotations

from pathlib import Path

from gans.errors import UserError

__all__ = ["check_folder_of"]


def check_folder_of(option: str, path: Path) -> None:
    """Refuse, before any work, the ``path`` that ``option`` gives if no file can be put there.

    :raises UserError: its folder does not exist, or a folder is in its place
    """
    if path.is_dir():
        raise UserError(f"{option} {path}: a folder of that name is there; give the name of a file")
    if not path.parent.is_dir():
        raise UserError(f"{option} {path}: there is no folder {path.parent}; make it, or give another name")
