"""Each file of examples/ runs as a script, short, and prints what its docstring promises."""

from __future__ import annotations

import ast
import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
FILES = sorted(EXAMPLES.glob("*.py"))
LONGEST = 60


class Output:
    """What an example printed."""

    def __init__(self, printed: str) -> None:
        self.printed = printed

    def numbers(self, line: str) -> list[float]:
        """The numbers in the only line that begins with ``line``, after that beginning."""
        (found,) = [text for text in self.printed.splitlines() if text.startswith(line)]
        return [float(number) for number in re.findall(r"-?\d+\.?\d*(?:e[+-]\d+)?", found[len(line) :])]


Run = Callable[..., Output]


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], user_op: object
) -> Run:
    """Runs the example of a number in an empty folder; the ops that it makes leave the registry."""

    def run(number: int, *arguments: object) -> Output:
        (path,) = EXAMPLES.glob(f"{number:02}_*.py")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [str(path), *map(str, arguments)])
        runpy.run_path(str(path), run_name="__main__")
        return Output(capsys.readouterr().out)

    return run


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_example_is_short_and_says_how_it_is_run(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST
    documentation = ast.get_docstring(ast.parse(text)) or ""
    assert f"\n    python examples/{path.name}" in documentation
    assert "prints" in documentation


def test_01_gradients_are_those_of_the_formulas(run: Run) -> None:
    shown = run(1)
    assert shown.numbers("dy/dx ") == [3, 12, 27]
    assert shown.numbers("d2y/dx2 ") == [6, 12, 18]
    loss, a, b = shown.numbers("step 200 ")
    assert loss < 1e-4
    assert (a, b) == (pytest.approx(2, abs=0.01), pytest.approx(-1, abs=0.02))


def test_02_gradcheck_tells_a_right_rule_from_a_wrong_one(run: Run) -> None:
    shown = run(2)
    assert shown.numbers("dy/dx ") == pytest.approx([(1 - 0.5**0.5) / 2, 0.5, (1 + 0.5**0.5) / 2], abs=1e-4)
    assert "the rule of squareplus holds: True" in shown.printed
    assert "the rule of careless does not: order 1, input 0" in shown.printed


def test_05_the_penalty_has_the_gradient_of_the_formula(run: Run) -> None:
    shown = run(5)
    assert shown.numbers("linear critic:") == shown.numbers("the formula:") == [160, 48, 64]
    estimate, slope = shown.numbers("step 200   estimate of W1")[0], shown.numbers("step 200")[-1]
    assert estimate == pytest.approx(2.2, abs=0.2)
    assert slope == pytest.approx(1.1, abs=0.1)


def test_06_capture_replays_records_freezes_and_refuses(run: Run) -> None:
    shown = run(6)
    assert "1 of 3 calls, with the same loss: True" in shown.printed
    first, zeros, _, before, after = shown.numbers("new each call")
    assert first != zeros
    assert after < before
    assert "another shape and another mode: 0 replays in 2 calls" in shown.printed
    _, frozen, op_by_op = shown.numbers("frozen")
    assert op_by_op == pytest.approx(1000 * frozen, rel=0.01)
    assert "refused        a Tensor was read as a number" in shown.printed
    assert re.search(r"^300 steps +op by op .*: \d+\.\d to 1$", shown.printed, re.MULTILINE)
