"""Pictures of any size become a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gans.data import ImageData, load
from tests.gans.commands import failure, gans
from tests.gans.data.pictures import noise, write_pictures


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Photos of several sizes and formats in two classes, one of which has a damaged file."""
    write_pictures(tmp_path / "photos" / "cat", noise(4, 90, 120, 3), ".jpg")
    write_pictures(tmp_path / "photos" / "cat", noise(2, 20, 20), ".webp")
    write_pictures(tmp_path / "photos" / "dog" / "deep", noise(3, 200, 70, 3), ".tiff")
    (tmp_path / "photos" / "dog" / "damaged.png").write_bytes(b"none")
    (tmp_path / "photos" / "notes.txt").write_bytes(b"none")
    return tmp_path / "photos"


def test_resized_pictures_are_a_data_set(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = photos.parent / "small"
    assert gans("resize", photos, "--out", out, "--size", "20x16") == 0
    told = capsys.readouterr()
    assert told.out == f"{out}: 9 pictures of 20 x 16 pixels\n"
    assert told.err.count("damaged.png: no picture that can be read; passed over") == 1
    names = sorted(str(path.relative_to(out)) for path in out.rglob("*.png"))
    assert names[:6] == [
        f"cat/{name}" for name in ("000.png", "000.webp.png", "001.png", "001.webp.png", "002.png", "003.png")
    ]
    data = load(out)
    assert isinstance(data, ImageData)
    assert (data.shape, data.class_names) == ((3, 16, 20), ("cat", "dog"))
    assert len(data.images) + len(data.test_images) == 9


def test_the_middle_is_kept_and_shrunk_without_aliasing(tmp_path: Path) -> None:
    wide = np.zeros((64, 192), np.uint8)
    wide[:, 64:128] = 255 * (np.indices((64, 64)).sum(axis=0) % 2)  # a fine chequer between black margins
    write_pictures(tmp_path / "a", wide[None])
    assert gans("resize", tmp_path / "a", "--out", tmp_path / "b", "--size", 16) == 0
    with Image.open(tmp_path / "b" / "000.png") as picture:
        small = np.asarray(picture)
    assert (picture.mode, small.shape) == ("L", (16, 16))
    assert abs(small.astype(float) - 127.5).max() < 10


@pytest.mark.parametrize("kind", ["file", "full folder"])
def test_nothing_is_overwritten(photos: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    out = photos.parent / "there"
    out.write_bytes(b"mine") if kind == "file" else write_pictures(out, noise(1))
    assert "there: exists already; name a new folder" in failure(capsys, "resize", photos, "--out", out)


def test_mistakes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert "no pictures in it; they are files in .png" in failure(capsys, "resize", tmp_path, "--out", out)
    assert not out.exists()
    none = tmp_path / "none"
    assert "none: cannot be searched: No such file" in failure(capsys, "resize", none, "--out", out)
    for size in ("7", "65", "32x", "ax8", "8x8x8", ""):
        assert "argument --size: " in failure(capsys, "resize", tmp_path, "--out", out, "--size", size)


def test_a_new_folder_may_lie_in_the_old_one(photos: Path) -> None:
    assert gans("resize", photos, "--out", photos / "cat" / "small") == 0
    assert len(list((photos / "cat" / "small").rglob("*.png"))) == 9
