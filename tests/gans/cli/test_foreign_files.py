"""What stands in the place of a run's files, of data and of outputs: a command says so in one line."""

from __future__ import annotations

import gzip
import os
import shutil
import stat
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gans.data import load
from gans.data.download import Archive, fetch
from gans.data.idx import idx_bytes
from gans.data.images import STEMS
from gans.errors import UserError
from gans.trainer import read_metrics
from tests.gans.commands import failure, gans, idx_folder
from tests.limits import few_allocations, time_limit

pytestmark = pytest.mark.usefixtures("fingerprints")

FILES = ["config.json", "metrics.jsonl", "checkpoint.safetensors", "samples.gif", "losses.png"]
PICTURE = "samples/epoch-0001.png"


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    with time_limit():
        yield


@pytest.fixture
def run(tmp_path: Path, toy_run: Path) -> Path:
    """A copy of a finished run, for a test to spoil."""
    return Path(shutil.copytree(toy_run, tmp_path / "run"))


def null_device(path: Path) -> Path:
    """A device in a folder of the test's own, since root could replace the system's."""
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root makes devices")
    return path


@pytest.mark.parametrize("name", [*FILES, PICTURE, ".lock"])
@pytest.mark.parametrize("kind", ["FIFO", "link", "dangling link", "device"])
def test_a_run_writes_into_files_of_its_own_alone(
    run: Path, capsys: pytest.CaptureFixture[str], name: str, kind: str
) -> None:
    path, target = run / name, run.parent / "target"
    path.rename(target)
    if kind == "FIFO":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(target)
    elif kind == "dangling link":
        path.symlink_to(run.parent / "none")
    else:
        null_device(path)
    before = os.lstat(path), target.read_bytes()
    told = failure(capsys, "train", "--resume", run, "--steps", 20)
    expected = "no run there" if (name, kind) == ("config.json", "dangling link") else "not a regular file"
    assert expected in told
    assert os.path.samestat(before[0], os.lstat(path))
    assert target.read_bytes() == before[1]
    assert not (run.parent / "none").exists()


def test_pictures_stay_in_the_run(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "samples").rename(run.parent / "elsewhere")
    (run / "samples").symlink_to(run.parent / "elsewhere")
    assert "samples: not a folder of the run" in failure(capsys, "train", "--resume", run, "--steps", 20)


@pytest.mark.parametrize("name", ["config.json", "checkpoint.safetensors"])
@pytest.mark.parametrize("kind", ["FIFO", "/dev/zero", "sparse"])
def test_nothing_else_is_read(run: Path, capsys: pytest.CaptureFixture[str], name: str, kind: str) -> None:
    path = run / name
    if kind == "sparse":
        os.truncate(path, 2**40)
    else:
        path.unlink()
        os.mkfifo(path) if kind == "FIFO" else path.symlink_to(kind)
    expected = "bytes long, expected at most" if kind == "sparse" else "not a regular file"
    commands = (("evaluate", run), ("sample", run, "--out", run / "a.npz"), ("train", "--resume", run))
    for command in commands:
        with few_allocations(64):
            told = failure(capsys, *command)
        assert expected in told
        assert path.name in told


@pytest.mark.parametrize("command", ["sample", "evaluate"])
@pytest.mark.parametrize("kind", ["FIFO", "link", "device", "/dev/stdout"])
def test_an_output_replaces_nothing_but_a_file(
    run: Path, capsys: pytest.CaptureFixture[str], command: str, kind: str
) -> None:
    path = run.parent / "out.npz"
    if kind == "FIFO":
        os.mkfifo(path)
    elif kind == "device":
        null_device(path)
    else:
        path.symlink_to(kind if kind != "link" else run / "config.json")
    before = os.lstat(path)
    told = failure(capsys, command, run, "--out" if command == "sample" else "--json", path)
    assert "not a regular file; give another name" in told
    assert os.path.samestat(before, os.lstat(path))


def test_the_default_output_is_looked_at_before_the_work(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(run / "evaluation.json")
    monkeypatch.setattr("gans.api.load", lambda *_: pytest.fail("worked"))
    assert "evaluation.json: a FIFO, not a regular file" in failure(capsys, "evaluate", run)


@pytest.mark.parametrize(
    "content",
    [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"cut", b"bomb", b"damaged"],
)
def test_a_damaged_picture_is_left_out_and_named(
    run: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    path = run / "samples" / "epoch-0002.png"
    whole = path.read_bytes()
    if content == b"cut":
        content = whole[: len(whole) // 2]
    elif content == b"damaged":
        content = whole[:60] + bytes(40) + whole[100:]
    elif content == b"bomb":  # 30,000 x 30,000 pixels, which deflate to little
        header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
        chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(30_001 * 100))), (b"IEND", b""))
        content = b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )
    path.write_bytes(content)
    (run / "samples" / "epoch-0001 copy.png").write_bytes(b"mine")
    capsys.readouterr()
    assert gans("train", "--resume", run, "--steps", 15) == 0
    notes = [line for line in capsys.readouterr().err.splitlines() if "picture" in line]
    assert len(notes) == 1
    assert "epoch-0002.png: no picture that can be read; samples.gif goes without it" in notes[0]
    with Image.open(run / "samples.gif") as gif:
        pictures = [path for path in (run / "samples").iterdir() if " copy" not in path.name]
        assert gif.n_frames == len(pictures) - 1  # type: ignore[attr-defined]
    assert (run / "samples" / "epoch-0001 copy.png").read_bytes() == b"mine"


def test_damaged_metrics_are_kept_aside_with_a_note(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = run / "metrics.jsonl"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    content = "".join([*lines[:4], "damaged\n", *lines[5:]])
    path.write_text(content, "utf-8")
    capsys.readouterr()
    assert gans("train", "--resume", run, "--steps", 16) == 0
    err = capsys.readouterr().err
    assert "metrics.jsonl has lines that cannot be read; the original is kept as metrics.jsonl.1" in err
    assert "metrics.jsonl lacks the steps 5\n" in err
    assert (run / "metrics.jsonl.1").read_text("utf-8") == content
    assert [record["step"] for record in read_metrics(path)] == [1, 2, 3, 4, *range(6, 17)]


class TestData:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return idx_folder(tmp_path / "data", np.ones((20, 8, 8), np.uint8))

    def refuse(self, folder: Path, said: str) -> None:
        with few_allocations(8), pytest.raises(UserError, match=said) as caught:
            load(folder)
        assert "\n" not in str(caught.value)

    def test_a_bomb_is_refused_by_its_headers(self, folder: Path) -> None:
        """Four files of half a megabyte that unpack to two gigabytes, and whose counts agree."""
        packer = zlib.compressobj(9, wbits=31)
        zeros = packer.compress(bytes(2**22)) + packer.flush()
        for stem in STEMS:
            shape = (2**29, 1, 1) if "images" in stem else (2**29,)
            header = bytes((0, 0, 8, len(shape))) + struct.pack(f">{len(shape)}I", *shape)
            (folder / f"{stem}.gz").write_bytes(gzip.compress(header, mtime=0) + zeros)
        self.refuse(folder, "2147483648 bytes of images and labels, over the limit of 1073741824")

    def test_counts_are_compared_before_anything_is_unpacked(self, folder: Path) -> None:
        header = b"\0\0\x08\x01" + struct.pack(">I", 2**29)
        (folder / f"{STEMS[1]}.gz").write_bytes(gzip.compress(header, mtime=0))
        self.refuse(folder, "20 training images but 536870912 training labels")

    @pytest.mark.parametrize("packed", [False, True])
    def test_a_sparse_file_is_not_read(self, folder: Path, packed: bool) -> None:
        path = folder / f"{STEMS[0]}.gz"
        path.write_bytes(path.read_bytes() if packed else gzip.decompress(path.read_bytes()))
        os.truncate(path, 2**40)
        self.refuse(folder, "1099511627776 bytes long, and the header claims 20 x 8 x 8 values")

    @pytest.mark.parametrize("kind", ["FIFO", "/dev/zero"])
    def test_a_fifo_or_device_is_no_file(self, folder: Path, kind: str) -> None:
        path = folder / f"{STEMS[0]}.gz"
        path.unlink()
        os.mkfifo(path) if kind == "FIFO" else path.symlink_to(kind)
        self.refuse(folder, f"missing {STEMS[0]}")

    def test_labels_stay_bytes(self, folder: Path) -> None:
        data = load(folder)
        assert data.labels.dtype == data.test_labels.dtype == np.uint8

    @pytest.mark.parametrize("name", ["data.gz", "data.gz.part", ".lock"])
    @pytest.mark.parametrize("kind", ["FIFO", "link"])
    def test_a_download_is_written_through_no_link(self, tmp_path: Path, name: str, kind: str) -> None:
        target, place = tmp_path / "target", tmp_path / "folder" / name
        target.write_bytes(b"mine")
        place.parent.mkdir()
        os.mkfifo(place) if kind == "FIFO" else place.symlink_to(target)
        archive = Archive("data.gz", 10, "0" * 64)
        with pytest.raises(UserError, match=r"cannot be written.*not a regular file"):
            fetch(archive, place.parent, ("http://127.0.0.1:9/",))
        assert target.read_bytes() == b"mine"
        assert place.lstat().st_size == (0 if kind == "FIFO" else len(str(target)))


def test_idx_bytes_are_a_header_and_values() -> None:
    assert idx_bytes(np.ones((2, 1), np.uint8)) == b"\0\0\x08\2\0\0\0\2\0\0\0\1\1\1"
