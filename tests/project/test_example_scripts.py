"""Each file of examples/ runs as a script, short, and prints what its docstring promises."""

from __future__ import annotations

import ast
import importlib.util
import math
import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import ROOT
from tests.ranks import needs_mpi, on_ranks

EXAMPLES = ROOT / "examples"
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


def test_the_examples_are_numbered_from_1_to_11() -> None:
    assert [path.name[:3] for path in FILES] == [f"{number:02}_" for number in range(1, 12)]


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


def test_03_a_gan_trains_without_a_trainer(run: Run) -> None:
    shown = run(3, 600)
    first, last = shown.numbers("step     0 "), shown.numbers("step   600 ")
    assert first == pytest.approx([2 * math.log(2), math.log(2)], abs=0.1)  # D and G know nothing yet
    assert last != first
    covered, modes, share = shown.numbers("modes covered")
    assert modes == 8
    assert covered >= 3
    assert share >= 20


def test_04_the_trainer_leaves_a_run_that_can_be_sampled_and_resumed(run: Run, tmp_path: Path) -> None:
    shown = run(4, 2)
    assert len(shown.numbers("step    1 ")) == len(shown.numbers("step    2 ")) == 2
    distance, floor = shown.numbers("Frechet distance")
    assert distance > 10 * floor > 0
    assert "one more step: Run(dcgan on mnist5k, step 3 of 3)" in shown.printed
    assert (tmp_path / "digits.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "runs" / "dcgan-mnist5k" / "checkpoint.safetensors").is_file()


def test_07_a_training_goes_on_bit_for_bit_and_pytorch_reads_its_weights(run: Run) -> None:
    shown = run(7)
    assert "3 + 3 steps give the weights of 6: True" in shown.printed
    assert "0.weight, 0.bias, 2.weight, 2.bias" in shown.printed
    if importlib.util.find_spec("torch"):
        (difference,) = shown.numbers("PyTorch's output differs by at most")
        assert difference < 1e-5


def test_08_samples_are_of_the_class_that_is_chosen(run: Run) -> None:
    shown = run(8, 200)
    assert len([line for line in shown.printed.splitlines() if line.startswith("class ")]) == 4
    (share,) = shown.numbers("samples nearest to the mode of their class")
    assert share >= 90


def test_09_both_kernels_agree_and_are_timed(run: Run) -> None:
    shown = run(9, 1)
    assert shown.numbers("y (64, 128, 7, 7)   largest difference")[0] < 1e-5
    for name in ("reference  ", "cpu "):
        milliseconds, rate = shown.numbers(name)
        assert milliseconds * rate == pytest.approx(2 * 64 * 128 * 7 * 7 * 64 * 16 / 1e6, rel=0.05)
    assert shown.numbers("reference / cpu:")[0] > 0


def test_10_a_gpu_computes_the_same_or_one_line_says_what_is_missing(run: Run) -> None:
    shown = run(10)
    losses = shown.numbers("cpu ")
    assert losses == sorted(losses, reverse=True)
    if "no GPU: " in shown.printed:
        assert re.search(r"^no GPU: .*CuPy", shown.printed, re.MULTILINE)
    else:
        assert shown.numbers("cuda ") == pytest.approx(losses, abs=1e-4)


def losses_of_11(shown: Output) -> list[float]:
    return [shown.numbers(f"step {step:3}  loss ")[0] for step in range(20, 101, 20)]


def test_11_a_training_of_one_rank_learns(run: Run) -> None:
    losses = losses_of_11(run(11))
    assert losses[-1] < losses[0] / 2


@pytest.mark.mpi
@needs_mpi
def test_11_two_ranks_print_what_one_process_does(run: Run, tmp_path: Path) -> None:
    ended = on_ranks(2, EXAMPLES / "11_ranks.py", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert losses_of_11(Output(ended.stdout)) == pytest.approx(losses_of_11(run(11)), rel=1e-2)
