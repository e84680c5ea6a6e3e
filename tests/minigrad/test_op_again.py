"""An op whose definition is run again: a notebook's cell, a reloaded module."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import minigrad as mg
from minigrad import ops
from minigrad.fusion import fusion, fusions
from minigrad.registry import registry
from tests.minigrad.tensors import numbers

CELL = """
@user_op
def scaled(x):
    return {factor} * x

scaled.vjp(x=lambda g, y, x: {factor} * g)
"""


def run_cell(user_op: Callable[..., mg.Op], factor: float, module: str = "__main__") -> Any:
    namespace = {"user_op": user_op, "__name__": module}
    exec(CELL.format(factor=factor), namespace)
    return namespace["scaled"]


def test_a_cell_that_is_run_again_replaces_its_op(user_op: Callable[..., mg.Op]) -> None:
    x = numbers(1.0, 2.0)
    old = run_cell(user_op, 2.0)
    y = ops.sum(old(x))
    new = run_cell(user_op, 3.0)
    assert registry["scaled"] is new
    assert mg.grad(ops.sum(new(x)), [x])[0].numpy().tolist() == [3.0, 3.0]
    assert mg.grad(y, [x])[0].numpy().tolist() == [2.0, 2.0]  # a graph that the old one made
    assert mg.gradcheck(new, [x.numpy()])


def test_a_cell_without_a_module(user_op: Callable[..., mg.Op]) -> None:
    for factor in (2.0, 3.0):
        namespace: dict[str, Any] = {"user_op": user_op}
        exec(CELL.format(factor=factor), namespace)
        assert namespace["scaled"](numbers(1.0)).item() == factor
    assert namespace["scaled"].__module__ == "__main__"


def test_a_module_is_reloaded(user_op: Callable[..., mg.Op], tmp_path: Path, monkeypatch: Any) -> None:
    file = tmp_path / "ops_of_a_user.py"
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    file.write_text("from minigrad import op as user_op\n" + CELL.format(factor=2.0))
    module = importlib.import_module("ops_of_a_user")
    monkeypatch.setitem(sys.modules, "ops_of_a_user", module)
    file.write_text("from minigrad import op as user_op\n" + CELL.format(factor=5.0))
    importlib.reload(module)
    assert module.scaled(numbers(1.0)).item() == 5.0


def test_the_name_of_another_op_is_refused(user_op: Callable[..., mg.Op]) -> None:
    run_cell(user_op, 2.0)
    with pytest.raises(ValueError, match=r"called 'scaled' exists already, in __main__; choose another"):
        run_cell(user_op, 2.0, "elsewhere")
    with pytest.raises(ValueError, match=r"'exp' exists already, in minigrad.ops.elementwise"):

        @user_op
        def exp(x: Any) -> Any:
            return x

    assert registry["exp"] is ops.exp


def test_captured_steps_call_the_new_op(user_op: Callable[..., mg.Op]) -> None:
    cell: dict[str, Any] = {"scaled": run_cell(user_op, 2.0)}
    step = mg.capture(lambda x: cell["scaled"](x) * 1.0)
    x = numbers(1.0)
    assert [step(x).item() for _ in range(3)] == [2.0, 2.0, 2.0]
    assert step.replays == 1
    cell["scaled"] = run_cell(user_op, 3.0)
    assert [step(x).item() for _ in range(3)] == [3.0, 3.0, 3.0]
    assert step.replays == 2


def test_captured_steps_use_the_new_rule(user_op: Callable[..., mg.Op]) -> None:
    scaled = run_cell(user_op, 2.0)
    step = mg.capture(lambda x: mg.grad(scaled(x), [x])[0])
    x = numbers(1.0)
    assert [step(x).item() for _ in range(3)] == [2.0, 2.0, 2.0]
    scaled.vjp(x=lambda g, y, x: 7.0 * g)
    assert step(x).item() == 7.0


def test_captured_steps_with_the_old_op_still_replay(user_op: Callable[..., mg.Op]) -> None:
    old = run_cell(user_op, 2.0)
    run_cell(user_op, 3.0)
    step = mg.capture(lambda x: old(x) * 1.0)
    assert [step(numbers(1.0)).item() for _ in range(4)] == [2.0] * 4
    assert step.replays == 2


def test_fusions_of_a_replaced_op_are_forgotten(user_op: Callable[..., mg.Op]) -> None:
    old = run_cell(user_op, 2.0)
    fusion(old, ops.exp)(lambda x: x)
    fusion(ops.exp, old)(lambda x: x)
    before = {pair: fusions[pair] for pair in fusions if old.forward not in pair}
    run_cell(user_op, 3.0)
    assert fusions == before
