"""Every damaged or forged file is read as something valid, or refused in one line: ``make fuzz N=10000``.

MINIGRAD_FUZZ is how many files of each kind are tried; a failure names the seed of its file.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import minigrad as mg
from gans.data import ImageData, load
from gans.data.idx import idx_bytes, read_idx
from gans.data.pictures import read_picture
from gans.errors import UserError
from gans.pictures import no_bombs
from gans.plots import animation
from gans.systems import build, settings_for
from gans.trainer import DivergedError, Length, RunConfig, Schedule, Training, new_config, read_metrics
from gans.trainer.checkpoints import restore
from gans.trainer.metrics_log import recover_metrics
from tests.fuzz.damage import damaged_bytes, dumps, forged_header, forged_json, forged_state
from tests.limits import memory_limit, time_limit

COUNT = int(os.environ.get("MINIGRAD_FUZZ", "500"))

Read = Callable[[Path], Any]
Damage = Callable[[bytes, random.Random], bytes]


@pytest.fixture(autouse=True)
def bounded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: None
    )  # what is tried here need not survive a power cut
    with time_limit(30 + COUNT // 10), memory_limit(512):
        yield


def try_all(path: Path, whole: bytes, damages: list[Damage], read: Read, *refusals: type[Exception]) -> None:
    """Read COUNT damaged files; both outcomes must occur, and nothing but these."""
    refused = 0
    for seed in range(COUNT):
        rng = random.Random(seed)
        path.write_bytes(rng.choice(damages)(whole, rng))
        try:
            read(path)
        except refusals as error:
            refused += 1
            check_message(str(error), path, seed)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}"[:1000]) from error
    assert refused > COUNT // 10
    path.write_bytes(whole)
    read(path)


def check_message(message: str, path: Path, seed: int) -> None:
    assert str(path) in message, f"seed {seed}: {message}"
    assert message.isprintable(), f"seed {seed}: {message!r}"
    assert len(message) <= 300 + len(str(path)), f"seed {seed}: {message}"


def text(change: Callable[[Any, random.Random], str]) -> Damage:
    """Damage to a JSON document as damage to its bytes."""
    return lambda content, rng: change(json.loads(content), rng).encode()


def test_config(tmp_path: Path) -> None:
    config = new_config(
        settings_for("wgan-gp", "points"),
        load("ring"),
        Length(epochs=2),
        name="ring",
        data_dir="/data",
        seed=4,
        schedule=Schedule(checkpoint_every=10),
    )
    config.write(tmp_path)
    again = tmp_path / "again"
    again.mkdir()

    def read(path: Path) -> None:
        found = RunConfig.read(path.parent)
        found.write(again)
        assert RunConfig.read(again) == found
        assert found.title.isprintable()

    whole = (tmp_path / "config.json").read_bytes()
    try_all(tmp_path / "config.json", whole, [damaged_bytes, *[text(forged_json)] * 4], read, UserError)


def small_training() -> Training:
    settings = settings_for("gan", "points", width=3, depth=1, batch_size=2)
    mg.manual_seed(0)
    return Training(build(settings, (2,)), load("ring"), capture=False)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The checkpoint of a small training after three steps."""
    training = small_training()
    for _ in range(3):
        training.advance()
    path = tmp_path_factory.mktemp("saved") / "checkpoint"
    mg.save(path, training.state_dict())
    return path.read_bytes()


def test_checkpoint(tmp_path: Path, saved: bytes) -> None:
    damages = [damaged_bytes, forged_header, forged_state, forged_state]

    def read(path: Path) -> None:
        state = mg.load(path)
        assert isinstance(state, dict)

    try_all(tmp_path / "checkpoint", saved, damages, read, mg.CheckpointError)


def test_checkpoint_of_a_run(tmp_path: Path, saved: bytes) -> None:
    training = small_training()
    training.advance()

    def read(path: Path) -> None:
        step = restore(path, training.system, training.load_state_dict, steps=100)
        assert 0 <= step == training.step <= 100
        with suppress(DivergedError):
            training.advance()

    try_all(tmp_path / "checkpoint", saved, [damaged_bytes, *[forged_state] * 4], read, UserError)


def test_metrics(tmp_path: Path) -> None:
    names = ["epoch", "loss_d", "loss_g", "d_real", "d_fake", "grad_norm_d", "grad_norm_g", "seconds"]
    lines = [json.dumps({"step": step, **dict.fromkeys(names, 0.5)}) + "\n" for step in range(1, 9)]
    path = tmp_path / "metrics.jsonl"

    def forged_line(content: bytes, rng: random.Random) -> bytes:
        listed = content.splitlines(keepends=True)
        number = rng.randrange(len(listed))
        listed[number] = forged_json(json.loads(listed[number]), rng).encode() + rng.choice(
            (b"\n", b"", b"\r\n")
        )
        return b"".join(listed)

    damaged = 0
    for seed in range(COUNT):
        rng = random.Random(seed)
        content = rng.choice((damaged_bytes, forged_line))("".join(lines).encode(), rng)
        path.write_bytes(content)
        records = read_metrics(path)
        assert [record["step"] for record in records] == sorted({record["step"] for record in records})
        for name in names:
            assert np.array([record.get(name) for record in records], np.float64).ndim == 1
        missing, aside = recover_metrics(path, 5)
        kept_steps = [record["step"] for record in read_metrics(path)]
        assert kept_steps == sorted({*kept_steps, *(r["step"] for r in records if r["step"] <= 5)})
        assert all(step <= 5 for step in kept_steps)
        assert all(1 <= first <= last <= 5 for first, last in missing)
        if aside is not None:
            damaged += 1
            assert aside.read_bytes() == content, f"seed {seed}"
            aside.unlink()
        else:
            kept = path.read_bytes()
            assert content.startswith(kept), f"seed {seed}"
            assert all(json.loads(line)["step"] > 5 for line in content[len(kept) :].splitlines()), (
                f"seed {seed}"
            )
    assert damaged > COUNT // 10


@pytest.mark.parametrize("packed", [False, True])
def test_idx(tmp_path: Path, packed: bool) -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 4, 3), dtype=np.uint8)
    whole = idx_bytes(images)

    def header(content: bytes, rng: random.Random) -> bytes:
        return damaged_bytes(content[:16], rng) + content[16:]

    damages: list[Damage] = [damaged_bytes, header]
    if packed:
        damages = [
            damaged_bytes,
            lambda content, rng: gzip.compress(header(gzip.decompress(content), rng)),
            lambda content, rng: gzip.compress(damaged_bytes(gzip.decompress(content), rng)),
        ]

    def read(path: Path) -> None:
        array = read_idx(path)
        assert array.dtype == np.uint8
        assert array.size > 0

    try_all(tmp_path / "a", gzip.compress(whole) if packed else whole, damages, read, UserError)


@pytest.mark.parametrize("packed", [False, True])
def test_npz(tmp_path: Path, packed: bool) -> None:
    images = np.random.default_rng(0).integers(0, 256, (9, 8, 8), dtype=np.uint8)
    file = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(file, images=images / 255, labels=np.arange(9))

    def member(content: bytes, rng: random.Random) -> bytes:
        """The archive with one of its arrays damaged, and its sums right over that."""
        damaged = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as whole, zipfile.ZipFile(damaged, "w") as archive:
            chosen = rng.choice(whole.namelist())
            for name in whole.namelist():
                array = whole.read(name)
                header, values = array[:128], array[128:]
                archive.writestr(name, damaged_bytes(header, rng) + values if name == chosen else array)
        return damaged.getvalue()

    def read(path: Path) -> None:
        data = load(path)
        assert isinstance(data, ImageData)
        assert data.train().dtype == np.float32
        assert len(data.train()) > 0

    try_all(tmp_path / "a.npz", file.getvalue(), [damaged_bytes, member], read, UserError)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "palette"])
def test_picture_files(tmp_path: Path, kind: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 10, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    if kind == "palette":
        picture = picture.convert("P")
    file = io.BytesIO()
    picture.save(file, "JPEG" if kind == "JPEG" else "PNG")

    def read(path: Path) -> None:
        with no_bombs():
            found = read_picture(path)
        assert found.dtype == np.uint8
        assert found.shape[2:] in ((), (3,))
        assert all(8 <= side <= 64 for side in found.shape[:2])

    try_all(tmp_path / "a.png", file.getvalue(), [damaged_bytes], read, UserError)


def test_pictures(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8)).save(file, "PNG")
    passed_over: list[Path] = []

    def read(path: Path) -> None:
        if animation({"a": path}, passed_over.append) is None:
            raise UserError(f"{path}")

    try_all(tmp_path / "a.png", file.getvalue(), [damaged_bytes], read, UserError)
    assert passed_over


def test_what_is_forged_deeply_is_deep() -> None:
    """So that the tests above try what they say."""
    deep = [dumps({"a": document}) for document in ([], {"b": "\0deep\0"})]
    assert [text.count("[") for text in deep] == [1, 20_000]
