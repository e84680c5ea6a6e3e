"""The command line: what it writes, what it says, and how it fails."""

from __future__ import annotations

import errno
import json
import os
import pty
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import minigrad as mg
from gans.data import NAMES
from gans.systems import SYSTEMS
from gans.trainer import batches, display
from tests.gans.commands import (
    TOY,
    environment,
    failure,
    finish,
    gans,
    idx_folder,
    records,
    start,
)
from tests.processes import python, started


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """30 images of 8 x 8 pixels."""
    return idx_folder(
        tmp_path / "small", np.arange(30 * 64, dtype=np.uint32).reshape(30, 8, 8).astype(np.uint8)
    )


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_leaves_all_its_files(toy_run: Path) -> None:
    names = {path.relative_to(toy_run).as_posix() for path in toy_run.rglob("*") if path.is_file()}
    epochs = {f"samples/epoch-{when}.png" for when in ("0000", "0000_step-0003", "0001", "0002", "0003")}
    fixed = {"config.json", "metrics.jsonl", "checkpoint.safetensors", "samples.gif", "losses.png", ".lock"}
    assert names == epochs | fixed
    config = json.loads((toy_run / "config.json").read_text("utf-8"))
    assert (config["model"], config["data"], config["seed"], config["steps"]) == ("gan", "ring", 1, 14)
    assert config["settings"]["batch_size"] == 16
    lines = records(toy_run)
    assert [line["step"] for line in lines] == list(range(1, 15))
    assert [line["epoch"] for line in lines] == [1] * 6 + [2] * 6 + [3] * 2
    assert all(np.isfinite(value) for line in lines for value in line.values())
    with Image.open(toy_run / "samples.gif") as gif:
        assert gif.n_frames == 5  # type: ignore[attr-defined]
    assert mg.load(toy_run / "checkpoint.safetensors")["step"] == 14


@pytest.mark.usefixtures("fingerprints")
def test_default_folders_are_new_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert gans(*TOY, "--steps", 1) == 0
    assert gans("train", "gan", "--data", small, "--batch-size", 8, "--epochs", 1) == 0
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [
        "gan-ring",
        "gan-ring-2",
        "gan-small",
    ]
    assert len(records(tmp_path / "runs" / "gan-small")) == 3


def test_plain_lines_when_the_output_is_no_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "TOY_EPOCH_STEPS", 4)
    assert gans(*TOY, "--steps", 10, "--out", tmp_path) == 0
    out = capsys.readouterr().out
    heading, *lines, end = out.splitlines()
    assert heading.startswith(f"gan on ring into {tmp_path}: 10 steps, seed 0, G ")
    assert [line.split("  ")[:2] for line in lines] == [
        ["epoch 1/3", "step 4/10"],
        ["epoch 2/3", "step 8/10"],
        ["epoch 3/3", "step 10/10"],
    ]
    for name in ("loss D", "loss G", "D(real)", "D(fake)", "|grad D|", "|grad G|", "points/s", "left"):
        assert all(name in line for line in lines)
    assert "\x1b" not in out
    assert end.startswith("finished: 10 steps")


@pytest.mark.usefixtures("fingerprints")
def test_a_line_every_few_seconds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(display, "LINE_SECONDS", -1.0)
    assert gans(*TOY, "--steps", 5, "--out", tmp_path) == 0
    out = capsys.readouterr().out
    assert all(f"step {step}/5" in out for step in range(1, 6))


def read_all(terminal: int) -> bytes:
    """What is shown until the other side closes the terminal, which Linux tells by an error."""
    shown = b""
    with os.fdopen(terminal, "rb", buffering=0) as file:
        while True:
            try:
                part = file.read(65_536)
            except OSError:
                return shown
            if not part:
                return shown
            shown += part


def test_a_live_display_on_a_terminal(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = started(
        *("-m", "gans", *TOY, "--steps", 60, "--out", "run"),
        cwd=tmp_path,
        env=environment(TERM="xterm-256color", COLUMNS="100", LINES="40"),
        stdout=theirs,
        stderr=theirs,
        stdin=theirs,
    )
    os.close(theirs)
    text = read_all(ours).decode()
    assert process.wait(60) == 0
    for part in (
        "gan on ring into run",
        "60/60 steps",
        "loss D",
        "|grad G|",
        "D(fake)",
        "points/s",
        "left",
        "\x1b[",
    ):
        assert part in text
    assert "finished: 60 steps" in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "COMMAND"),
        (("trian",), "invalid choice: 'trian'"),
        (("train",), "which MODEL?"),
        (("train", "dcgna"), "did you mean 'dcgan'?"),
        (("train", "gan", "--data", "rnig"), "did you mean 'ring'?"),
        (("train", "dcgan", "--data", "ring"), "dcgan needs images"),
        (("train", "gan", "--epcohs", "3"), "did you mean --epochs?"),
        (("train", "gan", "--epochs", "0"), "--epochs: '0' is not an integer of at least 1"),
        (("train", "gan", "--epochs", "1", "--steps", "1"), "not allowed with"),
        (("train", "gan", "--lr", "fast"), "--lr: 'fast' is not a number above 0"),
        (("train", "gan", "--lr", "nan"), "--lr: 'nan' is not a number above 0"),
        (("train", "gan", "--seed", "-1"), "--seed"),
        (("train", "gan", "--batch-size", "1.5"), "--batch-size: '1.5' is not an integer"),
        (("train", "gan", "--batch-size", "9999"), "lower --batch-size"),
        (("train", "gan", "--objective", "wasserstein"), "choose from non-saturating, minimax"),
        (("train", "gan", "--out", "a", "--resume", "b"), "not allowed with"),
        (("train", "gan", "--data", "no/folder"), "no/folder"),
        (("train", "--resume", "nothing"), "nothing: no run there"),
        (("sample", "nothing", "--out", "a.png"), "nothing: no run there"),
        (("sample", "nothing"), "--out"),
        (("sample", "nothing", "--out", "a.jpg"), ".npz (an array) or .png (a picture)"),
        (("sample", "nothing", "--out", "a.npz", "--n", "0"), "--n: '0'"),
        (("evaluate", "nothing"), "nothing: no run there"),
        (("evaluate",), "RUN"),
        (("list", "everything"), "unrecognized arguments: everything"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert told in failure(capsys, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_images_of_another_size_are_refused_before_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = idx_folder(tmp_path / "tiny", np.zeros((8, 7, 9), np.uint8))
    told = failure(capsys, "train", "dcgan", "--data", tiny, "--batch-size", 4, "--out", tmp_path / "run")
    assert "tiny: images of 7 x 9 pixels, expected 8 to 64 a side; bring them to such a size first" in told
    assert not (tmp_path / "run").exists()


def test_a_run_is_never_overwritten(toy_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(toy_run)
    assert f"--resume {toy_run}" in failure(capsys, *TOY, "--steps", 1, "--out", toy_run)
    assert files(toy_run) == before


@pytest.mark.parametrize(
    "name",
    [
        "metrics.jsonl",
        "checkpoint.safetensors",
        "samples.gif",
        "losses.png",
        "evaluation.json",
        "samples/epoch-0001.png",
        "samples/epoch-0000_step-0003.png",
    ],
)
def test_a_run_changes_no_file_that_was_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "samples").mkdir()
    (tmp_path / name).write_bytes(b"mine")
    told = failure(capsys, *TOY, "--steps", 1, "--out", tmp_path)
    assert told.endswith(f"{tmp_path} holds {Path(name).name}, which a run would change; give another --out")
    assert files(tmp_path) == {tmp_path / name: b"mine"}


@pytest.mark.usefixtures("fingerprints")
def test_a_folder_with_other_files_can_take_a_run(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    assert gans(*TOY, "--steps", 1, "--out", tmp_path) == 0
    assert (tmp_path / "notes.txt").read_text("utf-8") == "mine"


def test_a_nan_names_step_and_op_and_keeps_the_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = failure(capsys, *TOY, "--lr", "1e30", "--steps", 50, "--checkpoint-every", 1, "--out", tmp_path)
    saved = mg.load(tmp_path / "checkpoint.safetensors")["step"]
    assert f"step {saved + 1} (" in told
    assert "made a NaN or infinity" in told
    assert "try a lower --lr (it is 1e+30)" in told
    assert told.endswith(f"{tmp_path} keeps its checkpoint of step {saved}")
    assert [record["step"] for record in records(tmp_path)] == list(range(1, saved + 1))


@pytest.mark.usefixtures("fingerprints")
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"half"])
def test_a_damaged_checkpoint_is_one_line(
    tmp_path: Path, toy_run: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    whole = (toy_run / "checkpoint.safetensors").read_bytes()
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.json").write_bytes((toy_run / "config.json").read_bytes())
    (run / "checkpoint.safetensors").write_bytes(whole[: len(whole) // 2] if content == b"half" else content)
    for arguments in (
        ("train", "--resume", run, "--steps", 20),
        ("sample", run, "--out", tmp_path / "a.npz"),
        ("evaluate", run),
    ):
        told = failure(capsys, *arguments)
        assert "checkpoint.safetensors: damaged" in told
        assert told.endswith("delete it and --resume begins the run anew from its seed")
    assert not (tmp_path / "a.npz").exists()
    assert not (run / "evaluation.json").exists()
    (run / "checkpoint.safetensors").unlink()
    assert gans("train", "--resume", run, "--steps", 2) == 0
    assert mg.load(run / "checkpoint.safetensors")["step"] == 2


@pytest.mark.usefixtures("fingerprints")
def test_a_checkpoint_of_another_model_or_program_is_one_line(
    tmp_path: Path, toy_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert gans("train", "gan", "--data", "gaussian", "--batch-size", 4, "--steps", 1, "--out", run) == 0
    (run / "checkpoint.safetensors").write_bytes((toy_run / "checkpoint.safetensors").read_bytes())
    assert "does not fit the run's config.json" in failure(capsys, "sample", run, "--out", tmp_path / "a.npz")
    mg.save(run / "checkpoint.safetensors", {"weight": np.zeros(3)})
    assert "not a checkpoint of a run" in failure(capsys, "sample", run, "--out", tmp_path / "a.npz")
    (run / "checkpoint.safetensors").unlink()
    assert "no checkpoint there yet" in failure(capsys, "sample", run, "--out", tmp_path / "a.npz")
    assert "no checkpoint there yet" in failure(capsys, "evaluate", run)
    assert not (run / "evaluation.json").exists()


@pytest.mark.usefixtures("fingerprints")
def test_a_full_disk_is_one_line_and_the_last_checkpoint_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save, calls = mg.save, []

    def full(path: Path, state: dict[str, Any]) -> None:
        calls.append(path)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        save(path, state)

    monkeypatch.setattr(mg, "save", full)
    told = failure(capsys, *TOY, "--steps", 9, "--checkpoint-every", 2, "--out", tmp_path)
    assert told.endswith("checkpoint.safetensors: No space left on device")
    assert mg.load(tmp_path / "checkpoint.safetensors")["step"] == 2


def test_list_shows_every_model_and_data_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert gans("list") == 0
    out = capsys.readouterr().out
    for name in (*SYSTEMS, *NAMES, "non-saturating", "minimax", "wasserstein-gp"):
        assert name in out
    assert max(map(len, out.splitlines())) <= 120


def test_help_answers_without_heavy_imports() -> None:
    code = (
        "import sys; from gans.cli import main\n"
        "try: main(['train', '--help'])\n"
        "finally: assert not {'numpy', 'rich', 'matplotlib', 'minigrad'} & set(sys.modules)"
    )
    shown = python(code)
    assert (shown.returncode, shown.stderr) == (0, "")
    for option in (
        "--data",
        "--epochs",
        "--steps",
        "MODEL --help",
        "--resume",
        "--out",
        "--seed",
        "--checkpoint-every",
    ):
        assert option in shown.stdout


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        gans("--version")
    assert capsys.readouterr().out == f"minigrad-gans {mg.__version__}\n"


def test_a_closed_pipe_ends_a_command_without_a_word(tmp_path: Path) -> None:
    process = start(tmp_path, "list")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    assert finish(process) == (141, None, "")


def test_an_interrupt_outside_training_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gans.cli.list.show", interrupted)
    assert gans("list") == 130
    assert capsys.readouterr().err == "gans: error: interrupted\n"


def test_memory_that_runs_out_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError("Unable to allocate 9 TiB")

    monkeypatch.setattr("gans.cli.list.show", exhausted)
    assert "smaller --batch-size" in failure(capsys, "list")
