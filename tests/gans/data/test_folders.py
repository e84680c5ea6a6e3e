"""Folders of pictures: their layouts, the split, and what is refused in one line."""

from __future__ import annotations

import os
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gans.data import ImageData, load, splits
from gans.data import folders as module
from gans.data.splits import HELD_OUT, held_out
from gans.errors import UserError
from tests.gans.data.pictures import noise, write_pictures
from tests.limits import few_allocations, time_limit


def loaded(folder: Path) -> ImageData:
    data = load(folder)
    assert isinstance(data, ImageData)
    return data


def refusal(folder: Path) -> str:
    with time_limit(20), few_allocations(16), pytest.raises(UserError) as caught:
        load(folder)
    line = str(caught.value)
    assert line.isprintable()
    assert len(line) <= 300 + 2 * len(str(folder))
    return line


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    """Two classes of seven and twelve pictures."""
    write_pictures(tmp_path / "animals" / "dog", noise(12, seed=1))
    write_pictures(tmp_path / "animals" / "cat", noise(7, seed=2))
    return tmp_path / "animals"


def test_pictures_side_by_side_have_no_labels(tmp_path: Path) -> None:
    pixels = noise(13)
    data = loaded(write_pictures(tmp_path / "flat", pixels))
    is_test = held_out(np.zeros(13, int))
    assert (data.name, data.shape, data.classes, data.class_names) == ("flat", (1, 12, 10), 0, ())
    np.testing.assert_array_equal(data.images, pixels[~is_test])
    np.testing.assert_array_equal(data.test_images, pixels[is_test])
    assert data.missing == ("labels", "test labels")


def test_class_folders_give_labels_in_sorted_order(animals: Path) -> None:
    data = loaded(animals)
    assert (data.classes, data.class_names) == (2, ("cat", "dog"))
    assert data.labels.tolist() == [0] * 6 + [1] * 10
    assert data.test_labels.tolist() == [0] + [1] * 2
    cats = noise(7, seed=2)
    np.testing.assert_array_equal(data.images[:6], cats[~held_out(np.zeros(7, int))])
    assert data.missing == ()


@pytest.mark.parametrize("name", ["test", "val", "Validation"])
def test_a_split_is_taken_as_it_is(animals: Path, name: str) -> None:
    root = animals.parent / "split"
    shutil.copytree(animals, root / "train")
    write_pictures(root / name / "cat", noise(3, seed=3))
    data = loaded(root)
    assert (len(data.images), data.test_labels.tolist()) == (19, [0, 0, 0])
    np.testing.assert_array_equal(data.test_images, noise(3, seed=3))
    if name != "test":
        write_pictures(root / "test" / "dog", noise(2, seed=4))
        assert loaded(root).test_labels.tolist() == [1, 1]


def test_a_folder_named_train_alone_or_beside_classes(animals: Path) -> None:
    whole = loaded(animals).digest()
    root = animals.parent / "alone"
    shutil.copytree(animals, root / "train")
    assert loaded(root).digest() == whole
    vehicles = write_pictures(animals.parent / "vehicles" / "train", noise(6)).parent
    write_pictures(vehicles / "ship", noise(6, seed=1))
    assert loaded(vehicles).class_names == ("ship", "train")


def test_a_classes_pictures_may_lie_deeper_and_folders_be_links(animals: Path) -> None:
    whole = loaded(animals).digest()
    (animals / "cat").rename(animals.parent / "elsewhere")
    (animals / "cat").mkdir()
    (animals / "cat" / "images").symlink_to(animals.parent / "elsewhere")
    (animals / "cat" / "images" / "loop").symlink_to(animals)
    assert len(loaded(animals).images) > 16
    (animals / "cat" / "images" / "loop").unlink()
    assert loaded(animals).digest() == whole


def test_other_files_are_passed_over(animals: Path) -> None:
    whole = loaded(animals).digest()
    for name in ("Thumbs.db", ".DS_Store", "notes.txt", ".hidden.png", "cat/._000.png", "dog/README"):
        (animals / name).write_bytes(b"none")
    (animals / ".git").mkdir()
    (animals / "__MACOSX" / "cat").mkdir(parents=True)
    (animals / "__MACOSX" / "cat" / "000.png").write_bytes(b"none")
    (animals / "empty").mkdir()
    assert loaded(animals).digest() == whole


def test_the_order_is_that_of_the_names_not_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_pictures(tmp_path / "a", noise(9))
    whole = loaded(folder).digest()
    (folder / "000.png").rename(folder / "kept")
    (folder / "kept").rename(folder / "000.PNG")
    assert loaded(folder).digest() == whole


def test_the_held_out_images_are_the_same_everywhere() -> None:
    assert [hex(value) for value in splits._hashes(3)] == [
        "0xe220a8397b1dcdaf",
        "0x6e789e6aa1b965f4",
        "0x6c45d188009454f",
    ]
    chosen = held_out(np.zeros(30, np.uint8))
    assert np.flatnonzero(chosen).tolist() == [2, 4, 6, 8, 18]
    both = held_out(np.repeat([4, 7], 30))
    np.testing.assert_array_equal(both, np.concatenate([chosen, chosen]))
    labels = np.random.default_rng(0).integers(0, 5, 1000)
    shares = np.bincount(labels[held_out(labels)], minlength=5)
    assert shares.tolist() == (np.bincount(labels) // HELD_OUT).tolist()
    assert not held_out(np.zeros(5, int)).any()


def test_one_picture_in_colour_makes_the_set_coloured(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "a", noise(9))
    colour = noise(1, channels=3)[0]
    Image.fromarray(colour).save(folder / "004.png")
    data = loaded(folder)
    assert data.shape == (3, 12, 10)
    everything = np.concatenate([data.images, data.test_images])
    assert len(everything) == 9
    assert (everything == colour).all(axis=(1, 2, 3)).sum() == 1
    assert (everything == everything[..., :1]).all(axis=(1, 2, 3)).sum() == 8


def test_every_kind_of_pixel_becomes_bytes(tmp_path: Path) -> None:
    grey = noise(1)[0]
    colour = np.stack([grey, grey, grey], axis=-1)
    alpha = np.where(np.arange(10) < 5, 255, 0).astype(np.uint8) + np.zeros_like(grey)
    on_white = np.where(alpha == 255, grey, 255)
    kinds = {
        "grey": (Image.fromarray(grey), grey),
        "colour": (Image.fromarray(colour), grey),
        "16 bits": (Image.fromarray(grey.astype(np.uint16) * 256 + 255), grey),
        "palette": (Image.fromarray(grey).convert("P"), grey),
        "1 bit": (Image.fromarray(grey > 127), np.where(grey > 127, 255, 0)),
        "opaque": (Image.fromarray(np.dstack([colour, np.full_like(grey, 255)])), grey),
        "alpha": (Image.fromarray(np.dstack([colour, alpha])), on_white),
        "grey and alpha": (Image.merge("LA", [Image.fromarray(grey), Image.fromarray(alpha)]), on_white),
    }
    for name, (picture, expected) in kinds.items():
        folder = tmp_path / name
        folder.mkdir()
        picture.save(folder / "a.png")
        np.testing.assert_array_equal(loaded(folder).images, expected[None], err_msg=name)


def test_cameras_and_suffixes(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    flat = np.full((16, 16, 3), (200, 40, 40), np.uint8)
    flat[8:] = (40, 40, 200)
    turned = Image.Exif()
    turned[0x0112] = 3  # by a half
    Image.fromarray(flat).save(folder / "a.jpg", quality=95, subsampling=0, exif=turned)
    Image.fromarray(flat).save(folder / "b.JPEG", quality=95, subsampling=0)
    Image.fromarray(flat).save(folder / "c.png")
    Image.fromarray(flat).convert("CMYK").save(folder / "d.jpg", quality=95, subsampling=0)
    Image.fromarray(flat).save(folder / "e.png", "BMP")
    images = loaded(folder).images.astype(int)
    for each, expected in zip(images, (flat[::-1], flat, flat, flat, flat), strict=True):
        assert abs(each - expected.astype(int)).max() < 12


def frames(path: Path, kind: str) -> None:
    pictures = [Image.fromarray(each) for each in noise(3)]
    pictures[0].save(path, kind, save_all=True, append_images=pictures[1:])


def bomb(path: Path) -> None:
    """A header of 30,000 x 30,000 pixels."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )


def replaced(path: Path, target: str | None) -> None:
    path.unlink()
    os.mkfifo(path) if target is None else path.symlink_to(target)


SPOILT: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_bytes(b"no picture"),
    "EPS": lambda path: path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 12 12\n%%EOF\n"),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-40]),
    "animated": lambda path: frames(path, "PNG"),
    "GIF": lambda path: frames(path, "GIF"),
    "FIFO": lambda path: replaced(path, None),
    "device": lambda path: replaced(path, "/dev/zero"),
    "long": lambda path: path.write_bytes(path.read_bytes() + bytes(2**20)),
    "sparse": lambda path: os.truncate(path, 2**40),
    "bomb": bomb,
    "small": lambda path: Image.fromarray(noise(1, 7, 12)[0]).save(path),
    "photo": lambda path: Image.fromarray(noise(1, 1200, 1600, 3)[0]).save(
        path, "JPEG", quality=95, subsampling=0
    ),
}


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("empty", "cannot be read: no PNG or JPEG; save it anew"),
        ("text", "cannot be read: no PNG or JPEG; save it anew"),
        ("EPS", "cannot be read: no PNG or JPEG; save it anew"),
        ("truncated", "cannot be read: "),
        ("animated", "an animated picture; save one of its frames in its place"),
        ("GIF", "an animated picture"),
        ("FIFO", "cannot be read: a FIFO, not a regular file"),
        ("device", "cannot be read: a device, not a regular file"),
        ("long", "bytes long, expected at most 1,048,576"),
        ("sparse", "1,099,511,627,776 bytes long"),
        ("bomb", "cannot be read: "),
        (
            "small",
            "a picture of 12 x 7 pixels, expected 8 to 64 a side; `gans resize` makes pictures of one size",
        ),
        ("photo", "a picture of 1,600 x 1,200 pixels, expected 8 to 64 a side"),
    ],
)
@pytest.mark.parametrize("place", ["000.png", "005.png"])
def test_a_picture_that_is_none_is_named(tmp_path: Path, kind: str, said: str, place: str) -> None:
    folder = write_pictures(tmp_path / "a", noise(9))
    SPOILT[kind](folder / place)
    line = refusal(folder)
    assert line.startswith(str(folder / place))
    assert said in line


def test_mixed_sizes_are_refused_with_a_remedy(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "a", noise(9))
    Image.fromarray(noise(1, 10, 12)[0]).save(folder / "007.png")
    assert (
        "007.png: 12 x 10 pixels, but 000.png has 10 x 12 pixels; `gans resize` makes pictures of one size"
        in refusal(folder)
    )


def test_layouts_that_mean_nothing_are_refused(animals: Path) -> None:
    write_pictures(animals, noise(1))
    assert "has pictures, such as 000.png, beside class folders, such as cat; a data" in refusal(animals)
    (animals / "000.png").unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_CLASSES", 1)
        assert "2 class folders, expected at most 1" in refusal(animals)
    root = animals.parent / "split"
    shutil.copytree(animals, root / "train")
    write_pictures(root / "test", noise(2))
    assert "class folders in train, but none in test" in refusal(root)
    shutil.rmtree(root / "test")
    write_pictures(root / "test" / "bird", noise(2))
    assert "bird is a class of the test pictures, and of none in train" in refusal(root)
    write_pictures(root, noise(1))
    assert "has pictures beside its folder train" in refusal(root)


def test_folders_without_pictures(tmp_path: Path) -> None:
    assert "no PNG or JPEG in it; a data folder holds pictures" in refusal(tmp_path)
    for name in ("a.webp", "b.webp", "c.txt"):
        (tmp_path / name).write_bytes(b"")
    assert "no PNG or JPEG in it, but 2 files in .webp; a data folder" in refusal(tmp_path)


def test_too_many_pixels_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_pictures(tmp_path / "a", noise(9))
    monkeypatch.setattr(module, "MAX_BYTES", 9 * 120)
    assert len(loaded(folder).images) == 8
    Image.fromarray(noise(1, channels=3)[0]).save(folder / "003.png")
    assert "3,240 bytes of pixels in 9 pictures, over the limit of 1,080" in refusal(folder)
