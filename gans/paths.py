"""Paths as users write them."""

from __future__ import annotations

import os
from pathlib import Path

from gans.errors import UserError

__all__ = ["current_folder_is_gone", "user_path"]


def user_path(path: str | os.PathLike[str]) -> Path:
    """A path with ``~`` and ``~name`` expanded where they stand for a user's home.

    A shell does not expand them within quotes, nor behind the = of a flag.

    Raises UserError if it begins with ``~`` and that user has no home folder.
    """
    text = os.fspath(path)
    expanded = os.path.expanduser(text)
    if expanded == text and Path(text).parts[:1] == ("~",):
        if not text.startswith("~"):
            return Path(os.path.abspath(text))  # "./~", which a Path shortens to "~"
        raise UserError(
            f"{text}: there is no home folder for ~ (HOME is not set); write the whole path, or ./~ for a "
            "folder of that name"
        )
    return Path(expanded)


def current_folder_is_gone() -> bool:
    """Whether the folder that relative paths start from was deleted."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False
