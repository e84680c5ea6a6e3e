"""Every public op, function, layer and optimizer has an example in its docstring, and the suite runs it."""

from __future__ import annotations

import doctest
import inspect
import subprocess
import sys
from functools import cache
from types import ModuleType

import pytest

import minigrad as mg
from minigrad.op import Op
from tests.processes import ROOT


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


def pytest_in_a_process(*arguments: str) -> str:
    """What pytest prints; an error if anything fails."""
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-pno:cacheprovider", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module in (mg.ops, mg.random) for name in public(module)]
)
def test_every_op_and_draw_has_an_example_of_its_own(module: ModuleType, name: str) -> None:
    examples = examples_of(getattr(module, name).__module__)[name].examples
    assert any(f"{name}(" in example.source for example in examples)
    assert any(example.want for example in examples)


@pytest.mark.parametrize("name", public(mg))
def test_every_name_of_minigrad_has_an_example_of_its_own(name: str) -> None:
    """Of an error, the example that raises it; of a class, one that makes or shows an object of it."""
    test = examples_of(getattr(mg, name).__module__)[name]
    assert any(example.want or example.exc_msg for example in test.examples)
    uses = "".join(example.source + (example.exc_msg or "") for example in test.examples)
    assert name in uses, "the example is about something else"


NETWORKS = mg.nn, mg.nn.functional, mg.nn.init, mg.nn.utils, mg.optim, mg.optim.lr_scheduler


@pytest.mark.parametrize(
    ("module", "name"),
    [(module, name) for module in NETWORKS for name in public(module)],
    ids=lambda value: value if isinstance(value, str) else value.__name__.removeprefix("minigrad."),
)
def test_every_layer_function_and_optimizer_has_an_example_of_its_own(module: ModuleType, name: str) -> None:
    """Of a class, one that makes or shows an object of it; a subclass does not pass with its base's."""
    test = examples_of(getattr(module, name).__module__).get(name)
    assert test is not None, f"{module.__name__}.{name} has no example of its own"
    assert any(example.want for example in test.examples), "the example shows nothing"
    shown = "".join(example.source + example.want for example in test.examples)
    assert name.lower() in shown.lower(), "the example is about something else"


@pytest.mark.parametrize("module", [mg, mg.ops, mg.random])
def test_the_summary_of_a_docstring_is_one_line(module: ModuleType) -> None:
    summaries = {name: inspect.getdoc(getattr(module, name)) or "" for name in public(module)}
    assert [name for name, text in summaries.items() if "\n" in text.partition("\n\n")[0]] == []


def test_the_suite_runs_the_example_of_every_op() -> None:
    """An op is an object: pytest would pass its docstring over if it did not find the function behind it."""
    assert sum(isinstance(getattr(mg.ops, name), Op) for name in mg.ops.__all__) > 50
    listing = pytest_in_a_process("--collect-only", "minigrad/ops")
    collected = {line.rpartition("::")[2].rpartition(".")[2] for line in listing.splitlines()}
    assert set(public(mg.ops)) <= collected


def test_the_examples_of_one_file_run_alone() -> None:
    assert "passed" in pytest_in_a_process("minigrad/tensor.py")


def test_the_source_of_an_op_is_its_forward_function() -> None:
    source = inspect.getsource(mg.ops.square)
    assert source.startswith("@op\ndef square(x: Array")
    assert ".square(x, out=out)" in source
    assert str(inspect.signature(mg.ops.square)) == "(x: 'Array') -> 'Array'"


@pytest.mark.usefixtures("user_op")
@pytest.mark.parametrize("module", [mg, mg.ops, mg.random])
def test_an_example_runs_when_it_is_pasted(module: ModuleType) -> None:
    """It imports what it uses: the names of the module that it stands in are not the reader's."""
    runner, printed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS), list[str]()
    for name in public(module):
        test = examples_of(getattr(module, name).__module__)[name]
        test.globs = {"__name__": "__main__"}
        runner.run(test, out=printed.append)
    assert printed == []
