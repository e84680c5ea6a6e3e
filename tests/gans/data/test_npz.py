"""Data sets in ``.npz`` files: names, layouts, ranges, and what is refused in one line."""

from __future__ import annotations

import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gans.data import ImageData, load
from gans.data.npz import NAMES, load_npz
from gans.data.splits import held_out
from gans.errors import UserError
from tests.gans.commands import gans, idx_folder
from tests.gans.data.pictures import noise
from tests.limits import few_allocations, time_limit

GREY, COLOUR = noise(12), noise(12, channels=3)
LABELS = np.arange(12) % 3


def saved(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def loaded(path: Path) -> ImageData:
    data = load(path)
    assert isinstance(data, ImageData)
    return data


def refusal(path: Path) -> str:
    with time_limit(20), few_allocations(16), pytest.raises(UserError) as caught:
        load(path)
    line = str(caught.value)
    assert line.startswith(str(path))
    assert line.isprintable()
    assert len(line) <= 300 + len(str(path))
    return line


@pytest.mark.parametrize("column", [0, 1, 2])
def test_arrays_are_found_by_their_names(tmp_path: Path, column: int) -> None:
    values = {"images": GREY, "labels": LABELS, "test images": GREY[:6] // 2, "test labels": LABELS[:6]}
    names = {kind: known[min(column, len(known) - 1)] for kind, known in NAMES.items()}
    written = {name.upper() if column == 2 else name: values[kind] for kind, name in names.items()}
    data = loaded(saved(tmp_path / "mine.npz", **written, other=np.zeros(3)))
    assert (data.name, data.shape, data.classes, data.missing) == ("mine", (1, 12, 10), 3, ())
    np.testing.assert_array_equal(data.images, GREY)
    np.testing.assert_array_equal(data.labels, LABELS)
    np.testing.assert_array_equal(data.test_images, GREY[:6] // 2)
    np.testing.assert_array_equal(data.test_labels, LABELS[:6])


def test_images_alone_are_parted(tmp_path: Path) -> None:
    data = loaded(saved(tmp_path / "a.npz", anything=GREY))
    is_test = held_out(np.zeros(12, int))
    np.testing.assert_array_equal(data.images, GREY[~is_test])
    np.testing.assert_array_equal(data.test_images, GREY[is_test])
    assert (data.classes, data.missing) == (0, ("labels", "test labels"))
    labelled = loaded(saved(tmp_path / "a.npz", images=GREY, labels=np.arange(12) // 6))
    assert np.bincount(labelled.test_labels).tolist() == [1, 1]
    assert len(loaded(saved(tmp_path / "a.npz", images=GREY[:5])).test_images) == 0


@pytest.mark.parametrize(
    ("given", "pixels"),
    [
        (GREY[..., None], GREY),
        (GREY[:, None], GREY),
        (COLOUR, COLOUR),
        (COLOUR.transpose(0, 3, 1, 2), COLOUR),
        (np.asfortranarray(COLOUR), COLOUR),
        (np.asfortranarray(GREY / 255), GREY),
        (GREY / 255, GREY),
        ((GREY / 255).astype(np.float16), GREY),
        ((COLOUR.transpose(0, 3, 1, 2) / 127.5 - 1).astype(np.float32), COLOUR),
        ((GREY / 127.5 - 1).astype(">f4"), GREY),
        (1.0005 * (GREY / 127.5 - 1), GREY),
    ],
)
def test_layouts_and_ranges_mean_the_same_pixels(
    tmp_path: Path, given: np.ndarray[Any, Any], pixels: np.ndarray[Any, Any]
) -> None:
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", images=given, test_images=given[:2])  # type: ignore[arg-type]
        data = loaded(tmp_path / "a.npz")
        np.testing.assert_array_equal(data.images, pixels)
        np.testing.assert_array_equal(data.test_images, pixels[:2])


def test_faint_images_around_grey_are_those_of_a_young_generator(tmp_path: Path) -> None:
    faint = np.random.default_rng(0).uniform(-0.1, 0.1, (12, 1, 8, 8)).astype(np.float32)
    data = loaded(saved(tmp_path / "a.npz", images=faint, test_images=faint))
    assert abs(data.train() - faint).max() <= 1 / 255


@pytest.mark.usefixtures("fingerprints")
def test_what_gans_sample_writes_is_a_data_set(tmp_path: Path) -> None:
    folder = idx_folder(tmp_path / "data", noise(20, 8, 8))
    run, out = tmp_path / "run", tmp_path / "samples.npz"
    assert gans("train", "gan", "--data", folder, "--steps", 2, "--batch-size", 4, "--out", run) == 0
    assert gans("sample", run, "--n", 24, "--out", out) == 0
    data = loaded(out)
    assert (data.shape, len(data.images), len(data.test_images)) == ((1, 8, 8), 20, 4)
    again = tmp_path / "again"
    assert gans("train", "gan", "--data", out, "--steps", 2, "--batch-size", 4, "--out", again) == 0
    assert gans("train", "--resume", again, "--steps", 3) == 0


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "no array images or train_images or x_train; it has none; save it anew"),
    "other names": ({"a": GREY, "b": GREY}, "no array images or train_images or x_train; it has a, b"),
    "two candidates": ({"images": GREY, "x_train": GREY}, "images and x_train may both be the images"),
    "labels alone": ({"labels": LABELS}, "no array images"),
    "no test images": ({"images": GREY, "test_labels": LABELS}, "test labels without test images; save both"),
    "rows": ({"images": GREY.reshape(12, -1)}, "training images of shape (12, 120), expected grey ones"),
    "four channels": ({"images": noise(12, channels=4)}, "expected grey ones, (n, h, w), or colour ones"),
    "small": ({"images": noise(3, 7, 8)}, "images of 7 x 8 pixels, expected 8 to 64 a side"),
    "large": ({"images": noise(2, 8, 65)}, "images of 8 x 65 pixels, expected 8 to 64 a side"),
    "none": ({"images": GREY[:0]}, "no training images: the array has shape (0, 12, 10)"),
    "integers": (
        {"images": GREY.astype(np.int64)},
        "images of int64, expected uint8 from 0 to 255, or floats",
    ),
    "complex": ({"images": GREY.astype(complex)}, "images of complex128, expected numbers"),
    "objects": (
        {"images": np.array([GREY, None], object)},
        "images holds Python objects, which are not unpick",
    ),
    "names": (
        {"images": GREY, "labels": np.array(["cat"] * 12)},
        "numpy.unique(x, return_inverse=True) numb",
    ),
    "floats to 255": (
        {"images": GREY.astype(np.float32)},
        "floats from 0 to 255, which is neither 0 to 1 nor",
    ),
    "overshoot": ({"images": GREY / 255 * 1.1 - 0.05}, "which is neither 0 to 1 nor -1 to 1; save uint8"),
    "undershoot": ({"images": GREY / 255 - 0.02}, "images of floats from -0.02 to 0.98, which is neither"),
    "NaN": ({"images": np.full((2, 8, 8), np.nan)}, "images has NaN or infinity; remove such images"),
    "mixed kinds": ({"images": GREY, "test_images": GREY / 255}, "images of bytes and images of floats"),
    "few labels": ({"images": GREY, "labels": LABELS[:5]}, "12 training images but 5 training labels"),
    "large labels": ({"images": GREY, "labels": LABELS + 254}, "labels from 254 to 256, expected 0 to 255"),
    "one-hot": (
        {"images": GREY, "labels": np.eye(12, 3, dtype=int)},
        "labels of shape (12, 3), expected a num",
    ),
    "colour and grey": (
        {"images": COLOUR, "test_images": GREY},
        "in colour but test images of 12 x 10 pixels",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_arrays_that_are_no_data_set_are_refused(tmp_path: Path, kind: str) -> None:
    arrays, said = BAD[kind]
    assert said in refusal(saved(tmp_path / "a.npz", **arrays))


def npy(shape: str, data: bytes, dtype: str = "'|u1'", version: int = 1) -> bytes:
    header = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}}}\n".encode()
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes((version, 0)) + length + header + data


def packed(path: Path, member: bytes, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("images.npy", member)
    return path


FORGED: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "damaged: File is not a zip file"),
    "text": (lambda path: path.write_bytes(b"text" * 99), "damaged: File is not a zip file"),
    "sparse": (lambda path: os.truncate(saved(path, a=GREY), 2**40), "1,099,511,627,776 bytes long"),
    "cut": (lambda path: os.truncate(saved(path, a=GREY), 900), "damaged: File is not a zip file"),
    "bomb": (
        lambda path: packed(path, npy("(4096, 64, 64)", bytes(2**24))[:-1]),
        "its header claims 16777216 bytes, found 16777215",
    ),
    "huge": (lambda path: packed(path, npy("(10**9,)", b"")), "damaged"),
    "claims": (
        lambda path: packed(path, npy("(1000000000, 64, 64)", b"")),
        "header claims 4096000000000 bytes",
    ),
    "negative": (
        lambda path: packed(path, npy("(-1, 8, -8)", bytes(64))),
        "images of shape (-1, 8, -8); save it anew",
    ),
    "many axes": (
        lambda path: packed(path, npy("(" + "1," * 50 + ")", b"1")),
        "of 50 axes, expected at most 4",
    ),
    "deep": (lambda path: packed(path, npy("(" * 4000 + ")" * 4000, b"1")), "damaged"),
    "long header": (lambda path: packed(path, npy(" " * 60_000 + "(1,)", b"1")), "damaged"),
    "endless header": (
        lambda path: packed(path, b"\x93NUMPY\2\0" + struct.pack("<I", 2**31) + b" " * 2**24),
        "damaged",
    ),
    "pickle": (lambda path: packed(path, npy("(1,)", b"cos\nsystem\n", "'|O'")), "holds Python objects"),
    "records": (lambda path: packed(path, npy("(1,)", b"1", "[('a', '|u1')]")), "expected numbers"),
    "method": (
        lambda path: packed(path, npy("(9, 8, 8)", bytes(576)), zipfile.ZIP_LZMA),
        "packed by method 14",
    ),
    "no array": (lambda path: packed(path, b"nothing"), "damaged"),
}


@pytest.mark.parametrize("kind", FORGED)
def test_a_damaged_or_forged_file_is_refused(tmp_path: Path, kind: str) -> None:
    make, said = FORGED[kind]
    make(tmp_path / "a.npz")
    assert said in refusal(tmp_path / "a.npz")


def test_a_length_that_the_archive_claims_takes_no_memory(tmp_path: Path) -> None:
    """The archive and the header agree on a gigabyte, and there are a few bytes."""
    path = packed(tmp_path / "a.npz", npy("(262144, 64, 64)", b""))
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        [info] = archive.infolist()
    claimed = struct.pack("<I", info.file_size + 2**30)
    for place in (22, content.index(b"PK\1\2") + 24):  # in the member's own header, and in the directory
        content[place : place + 4] = claimed
    path.write_bytes(content)
    assert "damaged: it ends within an array" in refusal(path)


@pytest.mark.usefixtures("fingerprints")
def test_a_run_finds_its_file_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path / "a.npz", images=noise(20, 8, 8))
    monkeypatch.chdir(tmp_path)
    assert gans("train", "gan", "--data", "a.npz", "--steps", 2, "--batch-size", 4, "--out", "run") == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert gans("train", "--resume", "../run", "--steps", 3) == 0


def test_only_files_in_npz_are_data(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, GREY)
    assert "a.npy: not a folder, and no name in .npz; data are a folder of pictures" in refusal(path)
    with pytest.raises(UserError, match="unknown data set"):
        load("a.npz")
    assert isinstance(load("b.npz", saved(tmp_path / "b.npz", images=GREY).parent), ImageData)
    with pytest.raises(UserError, match="cannot be read: No such file"):
        load_npz(tmp_path / "c.npz", "c")
    os.mkfifo(tmp_path / "d.npz")
    with pytest.raises(UserError, match="a FIFO, not a regular file"):
        load_npz(tmp_path / "d.npz", "d")
