"""Rules of derivatives, and what is composed of ops, read as formulas: ``g * y``, not ``mul(g, y)``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import ROOT

OPERATORS = {
    "add": "x + y",
    "sub": "x - y",
    "mul": "x * y",
    "div": "x / y",
    "floor_divide": "x // y",
    "remainder": "x % y",
    "power": "x ** y",
    "matmul": "x @ y",
    "neg": "-x",
}
FILES = [
    *[
        path
        for folder in ("ops", "nn", "optim")
        for path in sorted((ROOT / "minigrad" / folder).rglob("*.py"))
    ],
    ROOT / "minigrad" / "autograd.py",
    ROOT / "minigrad" / "gradcheck.py",
    *(ROOT / "gans" / "objectives").glob("*.py"),
]


def nested_calls(source: str) -> list[tuple[int, str]]:
    """Line and operator of every call that an operator says better.

    A composition's own parameters may be arrays or lists, which have operators of their own: what it computes
    of them first calls the op.
    """
    tree = ast.parse(source)
    rules = set(_rules(tree))
    return sorted(_calls(tree, rules, frozenset()))


def _rules(tree: ast.Module) -> Iterator[str]:
    """The functions that are passed to ``op.vjp`` or ``op.vjp_jointly``."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr.startswith("vjp")
        ):
            values = [*node.args, *[keyword.value for keyword in node.keywords]]
            yield from (value.id for value in values if isinstance(value, ast.Name))


def _calls(node: ast.AST, rules: set[str], given: frozenset[str]) -> Iterator[tuple[int, str]]:
    """The calls below ``node``, where the names in ``given`` may be anything that a caller has."""
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        parameters = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
        tensors = isinstance(node, ast.Lambda) or node.name in rules
        given = given - parameters if tensors else given | parameters
    name = ast.unparse(node.func).removeprefix("ops.") if isinstance(node, ast.Call) else ""
    if isinstance(node, ast.Call) and name in OPERATORS:
        operands = [x.id if isinstance(x, ast.Name) else type(x).__name__ for x in node.args]
        left = operands[0]
        of_anything = left in given or (left == "Constant" and operands[-1] in given)
        if not of_anything:
            yield node.lineno, OPERATORS[name]
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, rules, given)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_formulas_are_written_with_operators(path: Path) -> None:
    found = nested_calls(path.read_text())
    assert not found, f"{path.relative_to(ROOT)}: write operators: {found}"


@pytest.mark.parametrize(
    "source",
    [
        "square.vjp(x=lambda g, y, x: mul(g, x * 2.0))",
        "def _rule(g, y, x):\n    return div(g, x)\nlog.vjp(x=_rule)",
        "def _rule(g, y, x, w):\n    return lambda: matmul(g, w)\nlinear.vjp_jointly(_rule)",
        "def gelu(x):\n    return mul(add(x, 1.0) * 0.5, x)",
        "def log_sigmoid(x):\n    return neg(softplus(x))",
        "def f(x):\n    return sub(1.0, exp(x))",
        "def sigma(self, w):\n    return ops.matmul(ops.transpose(w), w)",
    ],
)
def test_a_call_by_name_is_found(source: str) -> None:
    assert len(nested_calls(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "square.vjp(x=lambda g, y, x: g * (x * 2.0))",
        "def l1_loss(x, target):\n    return abs(sub(x, target))",
        "def bce(logits, target):\n    return softplus(neg(logits)) * sub(1.0, target)",
        "def forward(self, x):\n    return ops.matmul(x, ops.transpose(self.weight))",
        "def add(x, y):\n    return xp_of(x).add(x, y)",
    ],
)
def test_a_call_on_what_the_caller_gives_is_not(source: str) -> None:
    assert nested_calls(source) == []
