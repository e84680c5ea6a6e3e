"""Docstrings and comments keep one dialect: "Raises X if ..." in prose, names between double backquotes."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache

import pytest

from tests.processes import ROOT

FILES = [
    path
    for folder in ("minigrad", "gans", "benchmarks", "tests", "tools", "examples")
    for path in sorted((ROOT / folder).rglob("*.py"))
]

FIELD = re.compile(r"^\s*:(raises?|params?|returns?|rtype|type)\b", re.MULTILINE)
SINGLE = re.compile(r"(?<![`\\])`(?!`)")


PERSONS = re.compile(r"\b(told|untold|tells?|wants?|asks?|knows|nobody|anybody|whoever)\b", re.IGNORECASE)
"""Verbs of people and their persons; in the packages, the subject is a thing of the code."""


@cache
def texts(source: str) -> tuple[tuple[int, str], ...]:
    """The line and the text of each docstring, of an attribute's too, and of each comment."""
    return *docstrings(source), *comments(source)


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text), lineno=line)):
                yield line, prose(text)


def comments(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def prose(text: str) -> str:
    """A docstring without doctests and blocks of code."""
    text = re.sub(r"^ *>>> .*\n(?: *\S.*\n?)*", "", text, flags=re.MULTILINE)
    return re.sub(r"::\n(?:\n|(?<=\n)    .*\n)+", "::\n", text)


def faults(source: str) -> list[str]:
    found = []
    for line, text in texts(source):
        if FIELD.search(text):
            found.append(f"line {line}: a field such as :raises: (write 'Raises X if ...' in prose)")
        if SINGLE.search(re.sub(r"``[^`]+``", "", text)):
            found.append(f"line {line}: single backquotes (write ``name``)")
    return found


@pytest.mark.parametrize(
    "source",
    [
        'def f():\n    """Add.\n\n    :raises ValueError: never\n    """',
        'def f(x):\n    """Add.\n\n    :param x: a number\n    """',
        'def f(x):\n    """Add `x`."""',
        'y = 1\n"""The sum of `x\nand y`."""',
        "y = 1  # `x`",
        '"""Add::\n\n    code\n\nThe `sum`."""',
    ],
)
def test_another_dialect_is_found(source: str) -> None:
    assert len(faults(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        '"""Raises ValueError if ``x`` is 0."""',
        '"""Add::\n\n    `code`\n\nThe sum."""',
        '"""Add.\n\n>>> f("`x`")\n\'`x`\'\n"""',
        'y = "try a lower `lr`"',
    ],
)
def test_code_and_messages_are_free(source: str) -> None:
    assert not faults(source)


def test_docstrings_and_comments_keep_to_the_dialect() -> None:
    found = {str(path.relative_to(ROOT)): faults(path.read_text(encoding="utf-8")) for path in FILES}
    assert not {path: lines for path, lines in found.items() if lines}


def test_texts_have_no_verbs_of_people() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {word[0]}"
        for path in FILES
        if path.relative_to(ROOT).parts[0] in ("minigrad", "gans", "benchmarks")
        for line, text in texts(path.read_text(encoding="utf-8"))
        for word in PERSONS.finditer(text)
    ]
    assert not found
