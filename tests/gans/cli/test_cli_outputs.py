"""The command line on a finished run: samples of it, and figures that measure them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gans.cli.stages import stages
from gans.data.images import STEMS
from tests.gans.commands import failure, gans, idx_folder


def test_images_are_sampled_as_an_array(tmp_path: Path, image_run: Path) -> None:
    out = tmp_path / "images.npz"
    assert gans("sample", image_run, "--n", 20, "--out", out) == 0
    with np.load(out, allow_pickle=False) as archive:
        assert archive.files == ["images"]
        images = archive["images"]
    assert images.dtype == np.float32
    assert images.shape == (20, 1, 28, 28)
    assert abs(images).max() <= 1
    assert images.std() > 0


def test_the_seed_of_samples_counts(tmp_path: Path, toy_run: Path) -> None:
    arrays = []
    for seed in (0, 0, 1):
        assert gans("sample", toy_run, "--n", 50, "--seed", seed, "--out", tmp_path / "points.npz") == 0
        with np.load(tmp_path / "points.npz") as archive:
            arrays.append(archive["points"])
    assert arrays[0].shape == (50, 2)
    assert np.array_equal(arrays[0], arrays[1])
    assert not np.array_equal(arrays[0], arrays[2])


def test_samples_are_drawn_as_a_picture(tmp_path: Path, image_run: Path, toy_run: Path) -> None:
    assert gans("sample", image_run, "--n", 20, "--out", tmp_path / "images.png") == 0
    with Image.open(tmp_path / "images.png") as image:
        assert image.size == (5 * 86 + 2, 4 * 86 + 2)
    assert gans("sample", toy_run, "--n", 20, "--out", tmp_path / "points.PNG") == 0
    with Image.open(tmp_path / "points.PNG") as image:
        assert image.width > 500


@pytest.mark.parametrize(("command", "option"), [("sample", "--out"), ("evaluate", "--json")])
def test_a_file_that_cannot_be_written_is_an_error_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, option: str
) -> None:
    (tmp_path / "folder.npz").mkdir()
    no_run = tmp_path / "nothing"
    told = failure(capsys, command, no_run, option, tmp_path / "no" / "file.npz")
    assert f"{option} {tmp_path / 'no' / 'file.npz'}: there is no folder {tmp_path / 'no'}; make it" in told
    told = failure(capsys, command, no_run, option, tmp_path / "folder.npz")
    assert f"{option} {tmp_path / 'folder.npz'}: a folder of that name is there" in told


def test_too_few_points_to_measure_name_what_sets_their_number(
    toy_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = failure(capsys, "evaluate", toy_run, "--n", 5)
    assert "cannot be measured: samples has 5 samples; at least 6 are needed; --n sets" in told
    assert gans("evaluate", toy_run, "--n", 6) == 0


def test_evaluate_shows_and_writes_the_figures_of_points(
    toy_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gans("evaluate", toy_run, "--n", 200) == 0
    out = capsys.readouterr().out
    figures = json.loads((toy_run / "evaluation.json").read_text("utf-8"))
    assert (figures["samples"], figures["modes"], figures["step"]) == (200, 8, 14)
    for name in ("modes covered", "high quality", "reverse kl", "wasserstein"):
        assert name in out
    assert gans("evaluate", toy_run, "--n", 200, "--json", tmp_path / "a.json") == 0
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == figures


def test_evaluate_shows_and_writes_the_figures_of_images(
    image_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gans("evaluate", image_run, "--n", 80) == 0
    out = capsys.readouterr().out
    figures = json.loads((image_run / "evaluation.json").read_text("utf-8"))
    assert figures["samples"] == 80
    assert figures["fd"] > 0
    assert "fd floor" not in out
    assert f"{figures['fd_floor']:.4g}" in out
    assert "80 samples" not in failure(capsys, "evaluate", image_run, "--n", 80, "--json", "no/folder.json")
    assert "3 samples of dcgan on digits cannot be measured" in failure(
        capsys, "evaluate", image_run, "--n", 3
    )


def test_figures_go_to_standard_output_alone(toy_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert gans("evaluate", toy_run, "--n", 50, "--json", "-") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["samples"] == 50
    assert err == ""
    assert not (toy_run / "-").exists()


def test_figures_say_what_they_are_and_which_way_is_better(
    toy_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert gans("evaluate", toy_run, "--n", 50, "--json", tmp_path / "a.json") == 0
    [row] = [line for line in capsys.readouterr().out.splitlines() if " wasserstein " in line]
    assert "lower" in row
    assert "earth mover's distance from fresh points" in row


def test_a_classifier_trained_on_other_data_is_noted(
    image_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gans("evaluate", image_run, "--n", 90, "--json", tmp_path / "a.json") == 0
    notes = [line for line in capsys.readouterr().err.splitlines() if line.startswith("gans: note: ")]
    assert "the classifier, trained on MNIST's digits" in notes[0]
    assert "80 of the 90 samples are compared" in notes[1]


def test_stages_of_a_terminal_take_each_others_place(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(shown, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    with stages("first") as progress:
        progress("second")
    assert "second" in shown.getvalue()
    assert not shown.getvalue().endswith("second\n")


def test_tables_are_as_wide_as_columns_say(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for columns in ("70", "150"):
        monkeypatch.setenv("COLUMNS", columns)
        assert gans("list") == 0
        assert max(map(len, capsys.readouterr().out.splitlines())) <= int(columns)


def test_a_generator_is_exported_into_the_run_or_elsewhere(
    toy_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gans("export", toy_run, "--out", tmp_path / "ring.safetensors") == 0
    assert {path.name for path in tmp_path.iterdir()} == {"ring.safetensors", "ring.py"}
    assert "the generator of gan on ring after step 14" in capsys.readouterr().out
    (tmp_path / "a.safetensors").mkdir()
    assert "a folder of that name" in failure(capsys, "export", toy_run, "--out", tmp_path / "a.safetensors")
    assert "no run there" in failure(capsys, "export", tmp_path)


def test_what_evaluating_needs_and_training_does_not_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (80, 28, 28)).astype(np.uint8)
    folder = idx_folder(tmp_path / "digits", pixels)
    for stem in STEMS[1:]:
        (folder / f"{stem}.gz").unlink()
    run = tmp_path / "run"
    assert gans("train", "gan", "--data", folder, "--batch-size", 4, "--steps", 1, "--out", run) == 0
    told = failure(capsys, "evaluate", run, "--n", 100)
    assert "digits has no labels, test images, test labels; an evaluation compares samples with them" in told
    assert told.endswith(f"put them into its folder as {', '.join(STEMS[1:])}")
