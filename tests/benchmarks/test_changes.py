"""Two records, and two revisions: a row that became slower fails, noise does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import changes, since
from benchmarks.__main__ import main
from benchmarks.rivals import Local

STEADY = [1.0, 1.01, 1.02, 0.99, 1.0]


def record(path: Path, ours: list[float], **rest: Any) -> str:
    row = {"name": "conv", "batch": 4, "turns": {"minigrad": ours, "torch": STEADY}}
    path.write_text(json.dumps({"machine": {"cores": 2}, "rows": [row], **rest}))
    return str(path)


@pytest.mark.parametrize(
    ("factor", "verdict", "status"), [(1.0, "", 0), (1.04, "", 0), (1.3, "slower", 1), (0.7, "faster", 0)]
)
def test_records_are_compared_beyond_their_noise(
    factor: float, verdict: str, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = record(tmp_path / "old.json", STEADY)
    new = record(tmp_path / "new.json", [factor * seconds for seconds in STEADY])
    assert main(["compare", old, new]) == status
    shown = capsys.readouterr().out
    assert f"1 rows: {int(verdict == 'slower')} slower, {int(verdict == 'faster')} faster" in shown
    assert "conv, batch 4" in shown
    assert "torch takes 1.00 times as long" in shown


def test_a_change_within_the_spread_is_noise() -> None:
    noisy = [1.0, 1.5, 0.8, 1.4, 0.9]
    assert changes.apart("row", noisy, [1.2 * seconds for seconds in noisy]).verdict() == ""
    assert changes.in_turn("row", noisy, [1.2 * seconds for seconds in noisy]).verdict() == "slower"
    assert changes.in_turn("row", noisy, noisy).verdict() == ""


def test_other_machines_and_rows_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = record(tmp_path / "old.json", STEADY, machine={"cores": 8})
    assert main(["compare", old, record(tmp_path / "new.json", STEADY)]) == 0
    assert "The machines differ" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("no JSON", "Expecting value"),
        ("[1]", "it is no record"),
        ('{"rows": [{"name": "conv", "seconds": {}}]}', "its rows keep no turns"),
        ('{"rows": [{"name": "other", "turns": {"minigrad": [1.0]}}]}', "have no row in common"),
    ],
)
def test_what_is_no_record_is_one_line(
    text: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new.json"
    path.write_text(text)
    assert main(["compare", record(tmp_path / "old.json", STEADY), str(path)]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert complaint in message


@pytest.mark.usefixtures("quick")
def test_a_revision_is_measured_beside_this_tree(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folders: dict[str, Path | None] = {}

    class Here:
        """A side without a process of its own."""

        def __init__(self, name: str, *, label: str = "", packages: Path | None = None) -> None:
            self.name, side = label or name, Local(name)
            self.open, self.turn, self.close = side.open, side.turn, side.close
            folders[self.name] = packages

    def extract(revision: str, folder: Path) -> None:
        (folder / "minigrad").mkdir()

    monkeypatch.setattr(since, "Remote", Here)
    monkeypatch.setattr(since, "extract", extract)
    typed = ["kernels", "--shape", "linear 3->2", "--batch", "2", "--turns", "2", "--beyond", "0.99"]
    assert main(["since", "v1.0", *typed]) == 0
    assert [name for name, folder in folders.items() if folder is not None] == ["v1.0"]
    assert folders.keys() == {"v1.0", "now", "numpy"}
    assert "linear 3->2: weight gradient" in capsys.readouterr().out


def test_an_unknown_revision_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["since", "no-such-revision", "kernels"]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "git" in message
