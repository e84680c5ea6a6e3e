"""Every public op has an example in its docstring, and the suite runs it."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import minigrad as mg
from minigrad.op import Op

ROOT = Path(__file__).resolve().parent.parent


def public(module: ModuleType) -> list[str]:
    """The names in the module's ``__all__`` of minigrad's own functions, ops and classes."""
    values = {name: getattr(module, name) for name in module.__all__}
    return [
        name
        for name, value in values.items()
        if callable(value) and value.__module__.partition(".")[0] == "minigrad"
    ]


@cache
def examples_of(module: str) -> dict[str, doctest.DocTest]:
    """The examples in a module, under the name of the function, op or class that they stand in."""
    tests = doctest.DocTestFinder().find(sys.modules[module])
    return {test.name.removeprefix(f"{module}."): test for test in tests}


def check(function: object, name: str) -> None:
    """The docstring calls the function, in few lines, and shows what comes out."""
    examples = examples_of(str(function.__module__))[name].examples
    assert any(f"{name}(" in example.source for example in examples)
    assert any(example.want for example in examples)


@pytest.mark.parametrize("name", public(mg.ops))
def test_every_op_has_an_example_of_its_own(name: str) -> None:
    check(getattr(mg.ops, name), name)


def test_the_suite_runs_the_example_of_every_op() -> None:
    """An op is an object: pytest would pass its docstring over if it did not find the function behind it."""
    assert sum(isinstance(getattr(mg.ops, name), Op) for name in mg.ops.__all__) > 50
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-pno:cacheprovider", "--collect-only"]
    listing = subprocess.run(
        [*command, "minigrad/ops"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    collected = {line.rpartition("::")[2].rpartition(".")[2] for line in listing.splitlines()}
    assert set(public(mg.ops)) <= collected


def test_the_source_of_an_op_is_its_forward_function() -> None:
    source = inspect.getsource(mg.ops.square)
    assert source.startswith("@op\ndef square(x: Array")
    assert ".square(x, out=out)" in source
    assert str(inspect.signature(mg.ops.square)) == "(x: 'Array') -> 'Array'"
