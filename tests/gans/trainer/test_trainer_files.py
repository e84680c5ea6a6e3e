"""Files of a run: whole or absent, checked when they are read."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from gans import data
from gans.errors import UserError
from gans.systems import settings_for
from gans.trainer import Length, RunConfig, RunFolder, Schedule, new_config
from minigrad.files import write_atomically


def config() -> RunConfig:
    return new_config(
        settings_for("gan", "points"),
        data.load("ring"),
        Length(epochs=2),
        name="ring",
        data_dir=None,
        seed=4,
        schedule=Schedule(checkpoint_every=10),
    )


def test_a_write_replaces_the_whole_file(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", b"a long first content")
    write_atomically(tmp_path / "file", b"second")
    assert (tmp_path / "file").read_bytes() == b"second"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_reader_of_the_old_file_is_not_disturbed(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", b"first")
    with (tmp_path / "file").open("rb") as old:
        write_atomically(tmp_path / "file", b"second")
        assert old.read() == b"first"


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_atomically(tmp_path / "file", b"first")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as raised:
        write_atomically(tmp_path / "file", b"second")
    assert raised.value.filename == str(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_config_is_read_as_it_was_written(tmp_path: Path) -> None:
    config().write(tmp_path)
    assert RunConfig.read(tmp_path) == config()
    document = json.loads((tmp_path / "config.json").read_text("utf-8"))
    assert document["seed"] == 4
    assert document["model"] == "gan"
    assert set(document["versions"]) >= {"minigrad", "python", "numpy", "numba", "platform"}


@pytest.mark.parametrize(
    "change",
    [
        {"format": 9},
        {"model": "gna"},
        {"model": 3},
        {"settings": None},
        {"settings": {"lr": "fast"}},
        {"settings": {"lr": -1.0}},
        {"settings": {"speed": 1}},
        {"settings": {"critic_steps": True}},
        {"settings": {"batch_size": 1.5}},
        {"seed": "0"},
        {"seed": -1},
        {"steps": 0},
        {"steps": None},
        {"data": None},
        {"seed": None},
        {"epochs": "two"},
        {"shape": [0]},
        {"shape": ["a"]},
        {"shape": 7},
        {"checkpoint_every": 0},
        {"evaluate_every": -1},
        {"keep_best": 3},
        {"versions": []},
        {"unknown": 1},
    ],
)
def test_a_changed_config_is_one_clear_line(tmp_path: Path, change: dict[str, Any]) -> None:
    config().write(tmp_path)
    path = tmp_path / "config.json"
    document = json.loads(path.read_text("utf-8"))
    if isinstance(change.get("settings"), dict):
        change = {"settings": {**document["settings"], **change["settings"]}}
    path.write_text(json.dumps({**document, **change}), "utf-8")
    with pytest.raises(UserError, match=r"config\.json: damaged") as raised:
        RunConfig.read(tmp_path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"3", b"{}", b"null"])
def test_a_damaged_config_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(UserError, match=r"config\.json: damaged: .*; put back a copy, or train anew"):
        RunConfig.read(tmp_path)


@pytest.mark.parametrize("name", ["nothing", "file", "file/below"])
def test_no_run_is_one_clear_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="no run there"):
        RunConfig.read(tmp_path / name)


def test_folders_are_numbered_and_never_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = [RunFolder.create(None, "gan-ring").path.as_posix() for _ in range(3)]
    assert names == ["runs/gan-ring", "runs/gan-ring-2", "runs/gan-ring-3"]


def test_a_given_folder_may_exist_but_not_hold_a_run(tmp_path: Path) -> None:
    assert RunFolder.create(tmp_path / "a" / "b", "x").path.is_dir()
    assert RunFolder.create(tmp_path, "x").path == tmp_path
    config().write(tmp_path)
    with pytest.raises(UserError, match=r"already holds a run.*`resume`"):
        RunFolder.create(tmp_path, "x")
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match="a file is in its place"):
            RunFolder.create(path, "x")


def test_one_process_trains_a_run(tmp_path: Path) -> None:
    with (
        RunFolder(tmp_path).locked(),
        pytest.raises(UserError, match="another process"),
        RunFolder(tmp_path).locked(),
    ):
        pytest.fail("locked twice")
    with RunFolder(tmp_path).locked():
        pass


def test_pictures_of_samples_come_in_order_and_without_foreign_files(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.samples.mkdir()
    expected = {
        folder.picture(0): "epoch 0",
        folder.picture(0, 125): "step 125",
        folder.picture(1): "epoch 1",
        folder.picture(2): "epoch 2",
        folder.picture(10_000): "epoch 10000",
    }
    foreign = ["epoch-0001 copy.png", "epoch-x.png", "epoch-.png", "epoch-0001.png.txt", "mine.png"]
    for path in [*reversed(expected), *(folder.samples / name for name in foreign)]:
        path.touch()
    assert list(folder.pictures().items()) == list(expected.items())


def test_a_lock_clears_away_what_was_half_written(tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    left = [tmp_path / ".a.png.01234567.tmp", tmp_path / "samples" / ".b.png.89abcdef.tmp"]
    kept = [
        tmp_path / "notes.tmp",
        tmp_path / ".drafts.original.tmp",
        tmp_path / "samples" / "epoch-0001.png",
    ]
    for path in [*left, *kept]:
        path.touch()
    with RunFolder(tmp_path).locked():
        assert not any(path.exists() for path in left)
        assert all(path.exists() for path in kept)
