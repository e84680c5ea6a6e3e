"""Timings in turn, ratios, and results kept beside earlier ones."""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import record, table, timing
from benchmarks.__main__ import main


class Clockwork:
    """A rival whose calls take the seconds given, one number for each turn."""

    def __init__(self, name: str, seconds: list[float], calls: list[str]) -> None:
        self.name, self.seconds, self.calls = name, iter(seconds), calls

    def turn(self, warm: float, counted: float) -> list[float]:
        self.calls.append(self.name)
        seconds = next(self.seconds)
        return [seconds / 2, seconds, seconds * 9]


def test_rivals_take_turns_and_a_turn_is_its_median() -> None:
    calls: list[str] = []
    rivals = [Clockwork("a", [1.0, 2.0], calls), Clockwork("b", [2.0, 6.0], calls)]
    assert timing.in_turn(rivals, turns=2) == {"a": [1.0, 2.0], "b": [2.0, 6.0]}
    assert calls == ["a", "b", "a", "b"]


def test_the_ratio_is_taken_turn_by_turn() -> None:
    assert timing.ratio([2.0, 6.0, 8.0], [1.0, 2.0, 2.0]) == (3.0, 2.5, 3.5)
    assert timing.ratio([3.0], [2.0]) == (1.5, 1.5, 1.5)


def test_a_turn_warms_up_and_counts_at_least_one_call() -> None:
    calls = itertools.count()
    times = timing.take_turn(lambda: next(calls), warm=0.0, counted=0.0)
    assert len(times) == 1
    assert next(calls) == 2


def test_a_run_takes_the_place_of_an_earlier_one_with_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "RESULTS", tmp_path / "results")
    for run in ({"seed": 1, "modes": 7}, {"seed": 0, "modes": 8}, {"seed": 1, "modes": 6}):
        record.keep("ring", "the command", "8 modes", run, ("seed",))
    kept = json.loads((tmp_path / "results" / "ring.json").read_text())
    assert kept["runs"] == [{"seed": 0, "modes": 8}, {"seed": 1, "modes": 6}]
    assert kept["command"] == "the command"
    assert {"machine", "versions", "date", "wanted"} <= set(kept)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["quality", "rings"], "ring"),
        (["quality", "wasserstein"], "wasserstein is `python -m gans reproduce wgan-curve`"),
        (["steps", "--only", "gan"], "wgan-gp"),
        (["bill", "gan"], "dcgan"),
        (["steps", "--turns", "0"], "--turns: '0' is not an integer of at least 1"),
        (["kernels", "--batch", "-1"], "--batch: '-1' is not an integer of at least 1"),
        (["quality", "grid", "--steps", "0"], "--steps: '0' is not an integer of at least 1"),
        ([], "required"),
    ],
)
def test_a_wrong_argument_is_an_error(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(("experiment", "least"), [("grid", 100)])
def test_an_experiment_too_short_to_measure_is_one_line(
    experiment: str, least: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["quality", experiment, "--steps", str(least - 1)]) == 2
    assert capsys.readouterr().err.endswith(f"too few to measure anything; give at least {least}\n")


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("kernels", "--json"),
        ("kernels", "--picture"),
        ("steps", "--json"),
        ("steps", "--picture"),
        ("startup", "--json"),
        ("observation", "--json"),
        ("bill", "--json"),
    ],
)
def test_a_file_that_cannot_be_written_is_an_error_before_measuring(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, option: str
) -> None:
    assert main([command, option, str(tmp_path / "no" / "file.png")]) == 2
    assert f"{option} {tmp_path / 'no' / 'file.png'}: there is no folder" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["kernels", "steps", "startup"])
def test_a_peer_that_is_not_installed_is_one_line(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main([command, "--against", "torch"]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "torch is not installed" in message


def test_a_kernel_that_does_not_exist_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kernels", "--only", "no such kernel"]) == 2
    assert "no such kernel" in capsys.readouterr().err


def test_the_command_is_kept_as_it_was_typed() -> None:
    typed = ["steps", "--json", "a.json", "--only", "toy", "--picture=b.png", "--turns", "9"]
    assert record.command(typed) == "python -m benchmarks steps --only toy --turns 9"


def test_no_figure_is_cut_off_on_a_narrow_terminal() -> None:
    figures = [f"{number}.{number}{number} (1.25-{number}.75)" for number in range(8)]
    made = table.table("one step, ms", ["step"], [f"peer {number}" for number in range(8)])
    made.add_row("DCGAN, D and G, 28x28x1, batch 64", *figures)
    narrow = Console(width=60, file=io.StringIO(), force_terminal=True, color_system=None)
    with narrow.capture() as captured:
        table.show(made, narrow)
    for text in ["DCGAN, D and G, 28x28x1, batch 64", *figures]:
        assert text in captured.get()
