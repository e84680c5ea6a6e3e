"""Claims by name, those of ``gans.study.claims`` or in files of the user's own."""

from __future__ import annotations

import difflib
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from gans.errors import UserError
from gans.study import claims
from gans.study.board.claim import Claim
from gans.systems.own import is_own, load_object

__all__ = ["GROUPS", "find", "group_of", "names", "short_name"]

GROUPS = {
    "theory": "Theory",
    "training": "Training",
    "further": "Further claims of the documents",
    "own": "Of your own",
}
"""The folders of claims, and the last one for those in files of the user's own."""


@cache
def _groups() -> dict[str, str]:
    """The folder of each claim, by its name: a claim is one more file."""
    found = {}
    for group in GROUPS:
        for module in iter_modules([f"{folder}/{group}" for folder in claims.__path__]):
            found[module.name.replace("_", "-")] = group
    return found


def names() -> list[str]:
    """The names of all claims, folder by folder."""
    return list(_groups())


def group_of(name: str) -> str:
    """The folder of a claim."""
    return _groups().get(short_name(name), "own")


def find(name: str) -> Claim:
    """The claim of this name, or the one in a file of yours: ``FILE.py:NAME``.

    >>> find("optimal-d").effect.at_most
    1e-12

    Raises UserError if there is none, or the file cannot be run.
    """
    if is_own(name):
        found: Claim = load_object(name, Claim)
        return found
    groups = _groups()
    if name not in groups:
        near = difflib.get_close_matches(name.lower().replace("_", "-"), groups, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UserError(f"there is no claim {name!r}{hint} (`gans study` lists them, or give FILE.py:NAME)")
    module = import_module(f"{claims.__name__}.{groups[name]}.{name.replace('-', '_')}")
    claim: Claim = module.CLAIM
    return claim


def short_name(name: str) -> str:
    """The name of a claim's files.

    >>> short_name("optimal-d"), short_name("my/own.py:MY_CLAIM")
    ('optimal-d', 'my-claim')
    """
    return name.rsplit(":", 1)[1].lower().replace("_", "-") if is_own(name) else name
