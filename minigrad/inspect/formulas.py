"""The formulas of ops and of their rules, as text: from docstrings and from the source."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

__all__ = ["formula_of", "rule_of"]


def formula_of(op: Any) -> str:
    """What the op computes: the first line of its docstring.

    >>> import minigrad as mg
    >>> formula_of(mg.ops.tanh)
    'The hyperbolic tangent of x.'
    """
    return (inspect.getdoc(op.forward) or "").partition("\n")[0]


def rule_of(op: Any, position: int) -> str:
    """The derivative rule of the input at ``position``, as it is written; "" if its source is not there.

    >>> import minigrad as mg
    >>> rule_of(mg.ops.tanh, 0)
    'g * (1.0 - y * y)'
    """
    if op.joint_rule is not None:
        return _part_of(op.joint_rule, position)
    argument = op.arguments[0 if op.variadic else position]
    rule = op.rules.get(argument)
    return "0" if rule is None else _written(rule, argument)


@lru_cache(maxsize=1024)
def _written(rule: Callable[..., Any], argument: str) -> str:
    tree = _tree_of(rule)
    if rule.__name__ != "<lambda>":
        returned = _returned(tree)
        return ast.unparse(returned) if returned else ""
    lambdas = [value for name, value in _lambdas(tree) if name in (argument, "")]
    return ast.unparse(lambdas[0].body) if lambdas else ""


@lru_cache(maxsize=1024)
def _part_of(rule: Callable[..., Any], position: int) -> str:
    """The part of a joint rule that gives the gradient at ``position``: ``gx = ...``, or the formula."""
    tree = _tree_of(rule)
    returned = _returned(tree)
    if not isinstance(returned, ast.Tuple) or position >= len(returned.elts):
        return ast.unparse(returned) if returned else ""
    part = returned.elts[position]
    if isinstance(part, ast.Lambda):
        return ast.unparse(part.body)
    if isinstance(part, ast.Name):
        for node in reversed(list(ast.walk(tree))):
            if isinstance(node, ast.Assign) and part.id in ast.unparse(node.targets[0]).strip("()").split(
                ", "
            ):
                return ast.unparse(node)
    return ast.unparse(part)


def _tree_of(rule: Callable[..., Any]) -> ast.AST:
    try:
        source = textwrap.dedent(inspect.getsource(rule)).strip()
    except (OSError, TypeError):  # made by exec, or built in
        return ast.Module([], [])
    for text in (source, f"rules({source.rstrip(',')})"):  # of a call in several lines it is one of them
        try:
            return ast.parse(text)
        except SyntaxError:
            continue
    return ast.Module([], [])


def _returned(tree: ast.AST) -> ast.expr | None:
    """What a function returns at its end."""
    found = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value]
    return found[-1] if found else None


def _lambdas(tree: ast.AST) -> Iterator[tuple[str, ast.Lambda]]:
    """(keyword, lambda) of every lambda that is given by name, then those that are not."""
    named = [k for k in ast.walk(tree) if isinstance(k, ast.keyword) and isinstance(k.value, ast.Lambda)]
    for keyword in named:
        assert isinstance(keyword.value, ast.Lambda)
        yield keyword.arg or "", keyword.value
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda) and all(node is not keyword.value for keyword in named):
            yield "", node
