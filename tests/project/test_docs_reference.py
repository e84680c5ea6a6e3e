"""The API reference of docs/ has every public name once, and the site every page."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"
LISTED = re.compile(r"^```\{api\} (\S+)\n(?::members: [^\n]*\n\n)?(.*?)^```$", re.MULTILINE | re.DOTALL)
TREE = re.compile(r"^```\{toctree\}\n((?::[^\n]*\n)*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

MODULES = [
    "minigrad",
    "minigrad.ops",
    "minigrad.nn",
    "minigrad.nn.functional",
    "minigrad.nn.fusion",
    "minigrad.nn.init",
    "minigrad.nn.utils",
    "minigrad.optim",
    "minigrad.optim.lr_scheduler",
    "minigrad.random",
    "minigrad.distributed",
    "gans",
    "gans.objectives",
    "gans.steps",
    "gans.study",
    "gans.data",
    "gans.metrics",
    "gans.study.comparisons",
    "gans.study.museum",
    "gans.study.doctor",
]


def listed() -> list[tuple[str, str]]:
    """(module, name) of each entry of the reference."""
    return [
        (module, name)
        for page in sorted((DOCS / "api").glob("*.md"))
        for module, names in LISTED.findall(page.read_text("utf-8"))
        for name in names.split()
    ]


def public_names(module: ModuleType) -> list[str]:
    """What ``__all__`` names, or else what the module itself defines; no modules."""
    names = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    ]
    return [name for name in names if not inspect.ismodule(getattr(module, name))]


@pytest.mark.parametrize("name", MODULES)
def test_no_public_name_is_missing(name: str) -> None:
    module = import_module(name)
    there = {(entry, id(getattr(import_module(of), entry))) for of, entry in listed()}
    missing = [n for n in public_names(module) if (n, id(getattr(module, n))) not in there]
    assert missing == []


def test_no_name_has_two_entries() -> None:
    assert [name for name, count in Counter(listed()).items() if count > 1] == []


def pages_below(page: Path) -> set[Path]:
    """The pages that the tables of contents of ``page`` lead to, itself included."""
    found = {page}
    for _, names in TREE.findall(page.read_text("utf-8")):
        for name in names.split():
            found |= pages_below(page.parent / f"{name}.md")
    return found


def test_each_page_is_in_a_table_of_contents() -> None:
    assert pages_below(DOCS / "index.md") == set(DOCS.rglob("*.md")) - set((DOCS / "_build").rglob("*.md"))
