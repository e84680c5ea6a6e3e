"""The check of a GPU: what fails is said and loses nothing else, and every command exists."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from benchmarks import gpu, gpu_check, kernels, steps
from benchmarks.__main__ import main
from benchmarks.gpu_check import STATUS, Step, check, python
from gans.cli.parser import parser as gans_parser
from tests.processes import ROOT

RECORD = json.dumps(
    {
        "rows": [{"name": "dcgan", "seconds": {"minigrad": 0.001}, "ratio": {"torch": {"median": 3.14159}}}],
        "faults": {"mlp": "Disagreement: far apart"},
    }
)


def code(name: str, part: str, text: str, seconds: float = 30.0, *files: str) -> Step:
    return Step(name, part, python("-c", text), seconds, files)


def test_a_failure_loses_no_other_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work, out = tmp_path / "work", tmp_path / "out"
    work.mkdir()
    out.mkdir()
    write = f"import pathlib; w = pathlib.Path({str(work)!r}); (w / 'a.json').write_text({RECORD!r}); "
    todo = [
        code("bad", "tests", "print('the reason'); raise SystemExit(3)"),
        code("good", "training", write + "(w / 'a.png').write_bytes(b'picture')", 30.0, "a.json", "a.png"),
        code("endless", "benchmarks", "import time; print('begun', flush=True); time.sleep(60)", 5.0),
        Step("absent", "sanitizers", ["no-such-program"], 5.0, missing="it is not on this machine"),
    ]
    start = time.monotonic()
    assert check(todo, work, out, {"date": "today"}) == STATUS["tests"] + STATUS["benchmarks"]
    assert time.monotonic() - start < 30
    record = json.loads((out / "gpu-check.json").read_text())
    assert [step["state"] for step in record["steps"]] == ["failed", "ok", "timed out", "not run"]
    assert (record["date"], record["results"]) == ("today", {"a": json.loads(RECORD)})
    assert (out / "a.png").read_bytes() == b"picture"
    log = (out / "gpu-check.log").read_text()
    assert "the reason" in log
    assert "begun" in log
    shown = capsys.readouterr().out
    assert "absent: NOT RUN, 0 s it is not on this machine" in shown
    assert "not ok: bad, endless, absent" in shown
    assert "the reason" in shown
    assert "begun" in shown
    assert "dcgan: 1 ms, torch 3.14 times as long\nmlp: Disagreement: far apart\n" in shown


def test_what_a_step_prints_and_its_surroundings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        "import os; print(os.environ['PYTEST_DISABLE_PLUGIN_AUTOLOAD']); print('ééé', *range(99), sep='\\n')"
    )
    failing = code("loud", "tests", text + "; raise SystemExit(1)")
    assert check([failing], tmp_path, tmp_path, {}) == STATUS["tests"]
    shown = capsys.readouterr().out.splitlines()
    assert shown[1:-1] == [str(i) for i in range(99 - gpu_check.SHOWN, 99)]
    assert "\n1\nééé\n" in (tmp_path / "gpu-check.log").read_text("utf-8")


def test_steps_and_parts_are_chosen_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    todo = gpu_check.steps(tmp_path)
    assert gpu_check.chosen(todo, None) == todo
    names = [step.name for step in gpu_check.chosen(todo, ["sanitizers", "dcgan"])]
    assert names == ["dcgan", *gpu_check.TOOLS]
    monkeypatch.setattr(gpu, "description", dict)
    monkeypatch.setattr(sys, "argv", ["gpu_check", "--out", str(tmp_path / "out"), "--only", "nothing"])
    with pytest.raises(SystemExit) as ended:
        gpu_check.main()
    assert ended.value.code == 2
    assert "--only: no step is called nothing" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_tests_of_a_gpu_are_where_the_check_looks() -> None:
    marked = {
        path for path in (ROOT / "tests").rglob("*.py") if "pytest.mark." + "gpu" in path.read_text("utf-8")
    }
    assert marked
    for path in marked:
        assert any(path.is_relative_to(ROOT / folder) for folder in gpu_check.TESTED), path


def test_without_time_a_step_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_check, "ALL", 1.0)
    assert check([code("late", "derivatives", "pass")], tmp_path, tmp_path, {}) == STATUS["derivatives"]
    (step,) = json.loads((tmp_path / "gpu-check.json").read_text())["steps"]
    assert step["state"] == "no time left"


def test_all_well_is_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check([code("good", "tests", "pass")], tmp_path, tmp_path, {}) == 0
    assert "all is well" in capsys.readouterr().out


def test_every_command_is_one_that_the_programs_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[argparse.Namespace] = []
    for command in (kernels, steps):
        monkeypatch.setattr(command, "run", lambda options: taken.append(options) or 0)
    todo = gpu_check.steps(tmp_path)
    assert {step.part for step in todo} == set(STATUS)
    assert len({step.name for step in todo}) == len(todo)
    for step in todo:
        words = step.command[step.command.index(sys.executable) + 1 :]
        if words[:2] == ["-m", "benchmarks"]:
            assert main(words[2:]) == 0
            assert taken[-1].device == "cuda"
            assert taken[-1].json == tmp_path / step.files[0]
        elif words[:2] == ["-m", "gans"]:
            assert gans_parser().parse_args(words[2:]).device == "cuda"
    assert {(str(options.batch).strip("[]"), options.tf32) for options in taken} == {
        *(("64", False), ("64", True), ("256", False), ("256", True))
    }
    assert len(taken) == 8


def test_kernels_named_in_the_check_exist() -> None:
    assert all(kernels.select([text]) for text in gpu_check.LISTED)


def test_without_a_gpu_one_line_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> dict[str, Any]:
        raise RuntimeError("there is no GPU")

    monkeypatch.setattr(gpu, "description", missing)
    monkeypatch.setattr(sys, "argv", ["gpu_check", "--out", str(tmp_path / "out")])
    assert gpu_check.main() == 64
    assert capsys.readouterr().err == "gpu-check: there is no GPU\n"
    assert not (tmp_path / "out").exists()
