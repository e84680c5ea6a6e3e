"""A public function's docstring names the errors that it raises."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from minigrad import ops
from minigrad.nn import functional
from tests.processes import ROOT

PACKAGE = ROOT / "minigrad"
FILES = [*sorted((PACKAGE / "ops").glob("*.py")), *sorted((PACKAGE / "nn" / "functional").glob("*.py"))]
PUBLIC = {*ops.__all__, *functional.__all__}
ELSEWHERE = re.compile(r"[Rr]aises as|what\s+raises|as in |are as|(is|are)\s+those\s+of")
"""A docstring that leaves its errors to another function's."""


def unnamed_errors(source: str) -> list[str]:
    """``function: error`` for each error that a public function, or a helper of its file, raises unnamed."""
    functions = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}

    def raised(name: str, seen: frozenset[str]) -> set[str]:
        found: set[str] = set()
        for node in ast.walk(functions[name]):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                found.add(ast.unparse(node.exc.func))
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                helper = node.func.id
                if helper in functions and helper.startswith("_") and helper not in seen:
                    found |= raised(helper, seen | {helper})
        return found

    unnamed = []
    for name in functions.keys() & PUBLIC:
        text = ast.get_docstring(functions[name]) or ""
        if not ELSEWHERE.search(text):
            unnamed += [f"{name}: {error}" for error in raised(name, frozenset([name])) if error not in text]
    return unnamed


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_docstrings_name_the_errors_of_public_functions(path: Path) -> None:
    assert unnamed_errors(path.read_text()) == []


def test_an_unnamed_error_is_found() -> None:
    source = 'def relu(x):\n    """max(x, 0)."""\n    _check(x)\n\ndef _check(x):\n    raise TypeError("x")\n'
    assert unnamed_errors(source) == ["relu: TypeError"]
    assert unnamed_errors(source.replace("(x, 0).", "(x, 0). Raises TypeError for ints.")) == []
