"""A function watched line by line."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from gans.study.watch import Watched, watch
from tests.gans.study.test_by_hand import module_of

SOURCE = """
import numpy as np


def double(x):
    y = 2 * x                  # y = 2 x    (n,)
    return y


def chain(x, w):
    first = double(x)
    kept = [first]
    for k in range(2):
        step = kept[k] + w     # step = kept + w
        kept.append(step)
    again = kept[2]
    g_end, other = np.ones(2), w
    g_start = g_end * again    # dL/dx = 1 again
    (
        total
    ) = (
        g_start.sum()
    )
    return total, again, g_start
"""


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    return module_of(SOURCE, tmp_path / "chain.py")


def watched_in(module: ModuleType) -> Watched:
    return watch([module], module.chain, np.array([1.0, 2.0]), np.array([10.0, 20.0]))


def test_each_array_has_the_line_that_made_it_first(module: ModuleType) -> None:
    watched = watched_in(module)
    lines = [(made.function, made.name, made.value.tolist()) for made in watched.lines]
    assert lines == [
        ("double", "y", [2.0, 4.0]),
        ("chain", "step", [12.0, 24.0]),
        ("chain", "step", [22.0, 44.0]),
        ("chain", "g_end", [1.0, 1.0]),
        ("chain", "g_start", [22.0, 44.0]),
        ("chain", "total", 66.0),
    ]
    assert [made.stage for made in watched.lines] == [None, 0, 1, None, None, None]
    first = watched.lines[0].statement
    assert (first.line, first.code, first.formula) == (6, "y = 2 * x", "y = 2 x")


def test_behind_a_value_are_the_lines_that_led_to_it(module: ModuleType) -> None:
    watched = watched_in(module)
    total, again, g_start = watched.result
    assert [made.name for made in watched.behind(again)] == ["y", "step", "step"]
    assert [made.name for made in watched.behind(g_start)] == ["g_end", "g_start"]
    assert [made.name for made in watched.behind(total)] == ["y", "step", "step", "g_end", "g_start", "total"]
    assert watched.behind(np.ones(2)) == []


def test_arguments_and_other_files_are_not_of_a_line(module: ModuleType) -> None:
    watched = watch([], module.chain, np.ones(2), np.ones(2))
    assert watched.lines == []
    assert watched.result[0] == 8.0


def test_a_debugger_goes_on_afterwards(module: ModuleType) -> None:
    def debugger(*_: object) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(debugger)
    try:
        watched_in(module)
        assert sys.gettrace() is debugger
        with pytest.raises(TypeError):
            watch([module], module.chain, None, None)
        assert sys.gettrace() is debugger
    finally:
        sys.settrace(before)
