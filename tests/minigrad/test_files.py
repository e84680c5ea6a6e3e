"""Regular files alone are opened, at once; and what is written takes no other thing's place."""

from __future__ import annotations

import os
import re
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.files import UnfitFileError, read_regular, regular, temporaries, write_atomically

pytestmark = pytest.mark.skipif(os.name != "posix", reason="FIFOs, devices and links of POSIX")


def open_and_close(path: Path, mode: str) -> None:
    with open(path, mode, opener=regular):
        pass


def fifo(path: Path) -> None:
    os.mkfifo(path)


def link_to_fifo(path: Path) -> None:
    os.mkfifo(path.with_name("fifo"))
    path.symlink_to("fifo")


def unix_socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # a socket's address is short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def link_to(device: str) -> Callable[[Path], None]:
    def link(path: Path) -> None:
        path.symlink_to(device)

    link.__name__ = device
    return link


THINGS = [
    (fifo, "a FIFO"),
    (link_to_fifo, "a FIFO"),
    (unix_socket, "a socket"),
    (link_to("/dev/null"), "a device"),
    (link_to("/dev/zero"), "a device"),
    (link_to("/dev/full"), "a device"),
]


@pytest.fixture(params=THINGS, ids=lambda thing: thing[0].__name__)
def thing(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A path that names no regular file, and what it names in words."""
    make, kind = request.param
    path = tmp_path / "thing"
    make(path)
    return path, kind


def test_nothing_else_is_read_or_waited_for(thing: tuple[Path, str]) -> None:
    path, kind = thing
    with pytest.raises(UnfitFileError, match=f"{kind}, not a regular file"):
        read_regular(path, 10)
    with pytest.raises(mg.CheckpointError, match=f"^{re.escape(str(path))}: {kind}, not a regular file$"):
        mg.load(path)


def test_nothing_else_is_written_to_or_replaced(thing: tuple[Path, str]) -> None:
    path, _ = thing
    before = os.lstat(path)
    with pytest.raises(UnfitFileError, match="not a regular file"):
        open_and_close(path, "ab")
    with pytest.raises(UnfitFileError, match="not a regular file"):
        write_atomically(path, b"x")
    assert os.path.samestat(before, os.lstat(path))


def test_a_checkpoint_takes_no_other_things_place(tmp_path: Path) -> None:
    link_to_fifo(tmp_path / "link")
    for name in ("link", "fifo"):
        with pytest.raises(OSError, match=r"checkpoint not written.*: a FIFO, not a regular file"):
            mg.save(tmp_path / name, {"step": 1})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fifo", "link"]


def test_a_writer_follows_no_link_and_a_reader_does(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"mine")
    link.symlink_to("target")
    for mode in ("ab", "wb", "r+b"):
        with pytest.raises(UnfitFileError, match="a symbolic link, not a regular file"):
            open_and_close(link, mode)
    with pytest.raises(UnfitFileError, match="a symbolic link"):
        write_atomically(link, b"x")
    assert target.read_bytes() == read_regular(link, 4) == b"mine"
    target.unlink()
    with pytest.raises(UnfitFileError, match="a symbolic link"):
        open_and_close(link, "ab")
    assert not target.exists()


def test_a_link_that_takes_the_place_of_a_file_meanwhile_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"mine")
    link.symlink_to("target")
    monkeypatch.setattr("minigrad.files.check_place", lambda path: None)
    with pytest.raises(OSError, match="Too many levels of symbolic links"):
        open_and_close(link, "wb")
    assert target.read_bytes() == b"mine"


def test_folders_and_missing_files_have_their_own_errors(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_regular(tmp_path, 10)
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path, b"")
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "none", 10)


def test_no_more_is_read_than_expected(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(UnfitFileError, match="5 bytes long, expected at most 4"):
        read_regular(path, 4)
    os.truncate(path, 2**40)
    with pytest.raises(UnfitFileError, match="1,099,511,627,776 bytes long, expected at most 5"):
        read_regular(path, 5)


def test_a_sparse_checkpoint_is_judged_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    path.touch()
    os.truncate(path, 2**40)
    with pytest.raises(mg.CheckpointError, match="does not describe such a file"):
        mg.load(path)
    mg.save(path, {"w": np.ones(3)})
    os.truncate(path, 2**40)
    with pytest.raises(mg.CheckpointError, match="does not describe such a file"):
        mg.load(path)
    header = b'{"w":{"dtype":"U8","shape":[1099511627776],"data_offsets":[0,1099511627776]}}'
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    os.truncate(path, 8 + len(header) + 2**40)
    with pytest.raises(mg.CheckpointError, match="bytes long, expected at most 1,000"):
        mg.load(path, max_bytes=1000)


@pytest.mark.parametrize(
    ("start", "said"),
    [(b"PK\x03\x04", "a zip archive, as torch.save and numpy.savez write"), (b"\x80\x02}q", "a pickle")],
)
def test_files_of_pytorch_and_numpy_are_named(tmp_path: Path, start: bytes, said: str) -> None:
    path = tmp_path / "net.pt"
    path.write_bytes(start + bytes(100))
    with pytest.raises(mg.CheckpointError, match=f"{said}.*convert it with safetensors") as caught:
        mg.load(path)
    assert len(str(caught.value)) < len(str(path)) + 300


@pytest.mark.parametrize("length", [100, 241, 242, 255])
@pytest.mark.parametrize("letter", ["a", "é", "\udcff"])
def test_a_name_may_have_all_the_bytes_that_names_have(tmp_path: Path, length: int, letter: str) -> None:
    path = tmp_path / (letter * (length // len(os.fsencode(letter))))
    mg.save(path, {"step": 1})
    mg.save(path, {"step": 2})
    assert mg.load(path) == {"step": 2}
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_left_of_a_long_name_is_found(tmp_path: Path) -> None:
    name = "é" * 120
    left = tmp_path / f".{'é' * 50}.01234567.tmp"
    left.touch()
    (tmp_path / ".folder.01234567.tmp").mkdir()
    assert list(temporaries(tmp_path, name)) == list(temporaries(tmp_path)) == [left]
