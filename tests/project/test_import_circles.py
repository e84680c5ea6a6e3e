"""No module imports, through whatever others, itself: imports for types and within functions count."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from tests.processes import ROOT

PACKAGES = ("minigrad", "gans", "benchmarks")


def _sources() -> dict[str, str]:
    """Every module's text by its dotted name."""
    sources = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            sources[".".join(parts).removesuffix(".__init__")] = path.read_text(encoding="utf-8")
    return sources


def _imported(text: str) -> Iterator[str]:
    """The names that any import statement of the text gives, from the module on: absolute ones only."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _imports(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """The modules that each module imports; a name in a module counts as the module."""
    found: dict[str, set[str]] = {}
    for module, text in sources.items():
        found[module] = set()
        for name in _imported(text):
            nearest = name if name in sources else name.rpartition(".")[0]
            if nearest in sources:
                found[module].add(nearest)
    return found


def _circles(imports: Mapping[str, set[str]]) -> list[list[str]]:
    """The groups of modules of which each imports, directly or not, each other one and itself."""
    reached = {module: _reached(module, imports) for module in imports}
    circles = {
        tuple(sorted(other for other in reached[module] if module in reached[other]))
        for module in imports
        if module in reached[module]
    }
    return [list(circle) for circle in sorted(circles)]


def _reached(module: str, imports: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    ahead = [module]
    while ahead:
        new = imports[ahead.pop()] - reached
        reached |= new
        ahead += new
    return reached


def test_circles_are_found() -> None:
    sources = {
        "p": "import p.low",
        "p.low": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.high import High",
        "p.high": "from p import middle",
        "p.middle": "def f():\n    import p.low",
        "p.apart": "from p.low import something, high",
    }
    assert _circles(_imports(sources)) == [["p.high", "p.low", "p.middle"]]


def test_there_are_no_circles() -> None:
    imports = _imports(_sources())
    assert imports["minigrad.op"] >= {"minigrad.tensor", "minigrad.devices"}
    assert imports["gans.api"] >= {"gans.systems", "gans.trainer"}
    assert _circles(imports) == []
