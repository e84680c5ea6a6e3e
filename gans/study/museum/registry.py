"""The bugs by name, a file for each."""

from __future__ import annotations

import difflib
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from gans.errors import UserError
from gans.study.museum import bugs
from gans.study.museum.bug import Bug

__all__ = ["find", "names"]


@cache
def names() -> list[str]:
    """The names of all bugs."""
    return sorted(module.name.replace("_", "-") for module in iter_modules(bugs.__path__))


def find(name: str) -> Bug:
    """The bug of this name.

    >>> find("dead-generator").check
    'own weights'

    Raises UserError if there is none.
    """
    if name not in names():
        near = difflib.get_close_matches(name.lower().replace("_", "-"), names(), n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UserError(f"there is no bug {name!r}{hint} (choose from {', '.join(names())})")
    bug: Bug = import_module(f"{bugs.__name__}.{name.replace('-', '_')}").BUG
    return bug
