"""``gans compare-runs``: what differs, the last figures, the picture."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import gans as library
from gans import evaluation
from gans.trainer import batches
from tests.gans.commands import failure, gans, records
from tests.gans.fingerprints import drawing_fingerprints

SMALL = ("--data", "ring", "--batch-size", 4, "--width", 4)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs that differ by their rate and length; the first one was measured twice meanwhile."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch, drawing_fingerprints():
        patch.setattr(batches, "TOY_EPOCH_STEPS", 6)
        patch.setitem(evaluation.DEFAULTS, "points", 100)
        one = ("--steps", 12, "--evaluate-every", 1, "--out", folder / "one")
        assert gans("train", "gan", *SMALL, *one) == 0
        assert gans("train", "gan", *SMALL, "--steps", 5, "--lr", "1e-2", "--out", folder / "two") == 0
    return folder / "one", folder / "two"


@pytest.fixture(autouse=True)
def undrawn() -> Iterator[None]:
    with drawing_fingerprints():
        yield


def test_what_differs_and_the_last_numbers(runs: tuple[Path, Path], tmp_path: Path) -> None:
    file, picture = tmp_path / "found.json", tmp_path / "runs.png"
    assert gans("compare-runs", *runs, "--json", file, "--out", picture) == 0
    document = json.loads(file.read_text("utf-8"))
    assert document["runs"] == {"one": str(runs[0]), "two": str(runs[1])}
    assert document["settings"] == {"lr": {"one": 1e-3, "two": 1e-2}, "steps": {"one": 12, "two": 5}}
    last = [records(run)[-1] for run in runs]
    for name in ("step", "loss_d", "loss_g", "d_real", "d_fake"):
        assert document["figures"][name] == {"one": last[0][name], "two": last[1][name]}
    measured = library.load(runs[0]).evaluations[-1]["wasserstein"]
    assert document["figures"]["wasserstein"] == {"one": measured, "two": None}
    assert picture.read_bytes()


def test_each_curve_is_drawn_where_a_run_has_it(runs: tuple[Path, Path]) -> None:
    found = library.compare_runs(runs[0], library.load(runs[1]))
    for name in ("loss_d", "loss_g", "d_real", "d_fake"):
        assert {run: len(series.steps) for run, series in found.panels[name].items()} == {"one": 12, "two": 5}
    assert {run: series.steps for run, series in found.panels["wasserstein"].items()} == {"one": [6, 12]}
    assert found.png() != library.compare_runs(runs[1], runs[0]).png()
    assert repr(found) == "RunComparison(one, two)"
    assert found._repr_html_().count("<tr>") == 1 + len(found.settings) + len(found.figures)


def test_the_figures_of_evaluate_are_there_too(
    runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert gans("evaluate", runs[1], "--n", 60) == 0
    measured = json.loads((runs[1] / "evaluation.json").read_text("utf-8"))["wasserstein"]
    capsys.readouterr()
    assert gans("compare-runs", *runs, "--json", "-", "--out", tmp_path / "a.png") == 0
    assert json.loads(capsys.readouterr().out)["figures"]["wasserstein"]["two"] == measured
    (runs[1] / "evaluation.json").write_text("{")
    assert "evaluation.json: damaged" in failure(capsys, "compare-runs", *runs, "--out", tmp_path / "a.png")
    (runs[1] / "evaluation.json").unlink()


def test_runs_of_one_name_are_told_apart(runs: tuple[Path, Path], tmp_path: Path) -> None:
    for parent, run in zip("ab", runs, strict=True):
        (tmp_path / parent).mkdir()
        (tmp_path / parent / "run").symlink_to(run)
    assert list(library.compare_runs(*runs).paths) == ["one", "two"]
    assert list(library.compare_runs(runs[0], tmp_path / "b" / "run").paths) == ["one", "two"]


def test_mistakes(runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = ("--out", tmp_path / "a.png")
    assert "two to 8 at a time, got 1" in failure(capsys, "compare-runs", runs[0], *picture)
    assert "is given twice" in failure(capsys, "compare-runs", runs[0], runs[0], *picture)
    assert "no run there" in failure(capsys, "compare-runs", runs[0], tmp_path, *picture)
    assert "must end in .png" in failure(capsys, "compare-runs", *runs, "--out", tmp_path / "a.gif")
    assert "there is no folder" in failure(capsys, "compare-runs", *runs, "--out", tmp_path / "no" / "a.png")
    assert list(tmp_path.iterdir()) == []
