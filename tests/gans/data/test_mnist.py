"""Where MNIST is found, with a small stand-in for its files and a local server for its mirrors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gans.data import load, mnist
from gans.data.idx import write_idx
from gans.data.images import STEMS
from gans.errors import UserError
from tests.gans.data.conftest import Mirror
from tests.gans.data.small_mnist import ARRAYS, PACKED, fill, replace_mnist


@pytest.fixture(autouse=True)
def stand_in(mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small MNIST on one mirror, a cache of the test's own, and no environment variable."""
    mirror.files.update({f"/{name}": packed for name, packed in PACKED.items()})
    replace_mnist(monkeypatch, mirrors=(mirror.address,), cache=tmp_path / "cache")


def loaded(data_dir: object = None) -> None:
    data = load("mnist", data_dir)
    assert data.name == "mnist"
    np.testing.assert_array_equal(data.images, ARRAYS[0])
    np.testing.assert_array_equal(data.test_labels, ARRAYS[3])


def refusal(data_dir: object = None) -> str:
    with pytest.raises(UserError) as caught:
        load("mnist", data_dir)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_official_sums_belong_to_their_files() -> None:
    """Both lists of the four SHA-256, as MNIST's mirrors and TensorFlow's data sets publish them."""
    expected = {
        "train-images-idx3-ubyte": (9912422, "440fcabf", "ba891046"),
        "train-labels-idx1-ubyte": (28881, "3552534a", "65a50cbb"),
        "t10k-images-idx3-ubyte": (1648877, "8d422c7b", "0fa7898d"),
        "t10k-labels-idx1-ubyte": (4542, "f7ae60f9", "ff7bcfd4"),
    }
    for stem, (size, packed, content) in expected.items():
        file = OFFICIAL[stem]
        assert (file.archive.name, file.archive.size) == (f"{stem}.gz", size)
        assert file.archive.sha256.startswith(packed)
        assert file.content_sha256.startswith(content)
        assert len(file.archive.sha256) == len(file.content_sha256) == 64


OFFICIAL = {file.stem: file for file in mnist.FILES}


@pytest.mark.parametrize("layout", ["", "mnist", "MNIST/raw"])
@pytest.mark.parametrize("anew", [False, True])
def test_data_dir_is_searched(tmp_path: Path, mirror: Mirror, layout: str, anew: bool) -> None:
    fill(tmp_path / "data" / layout, anew=anew)
    loaded(tmp_path / "data")
    loaded(str(tmp_path / "data"))
    assert mirror.requests == []


def test_the_environment_variable_comes_second_and_the_cache_third(
    tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "cache" / "mnist")
    loaded()
    loaded(tmp_path / "elsewhere")
    monkeypatch.setenv(mnist.ENVIRONMENT_VARIABLE, str(tmp_path / "named"))
    fill(tmp_path / "named")
    (tmp_path / "named" / f"{STEMS[0]}.gz").write_bytes(b"")
    assert str(tmp_path / "named") in refusal()
    fill(tmp_path / "data")
    loaded(tmp_path / "data")
    assert mirror.requests == []


def test_without_files_they_are_downloaded_to_the_cache(tmp_path: Path, mirror: Mirror) -> None:
    loaded()
    loaded()
    assert sorted(path for path, _ in mirror.requests) == sorted(f"/{name}" for name in PACKED)
    assert (tmp_path / "cache" / "mnist" / "t10k-labels-idx1-ubyte.gz").exists()


def test_a_named_folder_is_downloaded_into(
    tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(mnist.ENVIRONMENT_VARIABLE, str(tmp_path / "named"))
    loaded(tmp_path / "data")
    assert {path.name for path in (tmp_path / "data" / "mnist").iterdir()} == {*PACKED, ".lock"}
    assert len(mirror.requests) == len(PACKED)
    loaded()
    assert (tmp_path / "named" / "mnist" / f"{STEMS[0]}.gz").exists()
    assert not (tmp_path / "cache").exists()


def test_only_missing_files_are_downloaded_beside_the_others(tmp_path: Path, mirror: Mirror) -> None:
    fill(tmp_path / "data")
    (tmp_path / "data" / f"{STEMS[3]}.gz").unlink()
    loaded(tmp_path / "data")
    assert [path for path, _ in mirror.requests] == [f"/{STEMS[3]}.gz"]
    assert not (tmp_path / "data" / "mnist").exists()


def test_other_data_under_mnists_names_is_refused_and_left_alone(tmp_path: Path, mirror: Mirror) -> None:
    other = fill(tmp_path / "data") / f"{STEMS[0]}.gz"
    write_idx(other, 255 - ARRAYS[0])
    before = other.read_bytes()
    message = refusal(tmp_path / "data")
    assert f"{other}: not the official MNIST file" in message
    assert f"`data` {tmp_path / 'data'}" in message
    assert (other.read_bytes(), mirror.requests) == (before, [])
    assert load(tmp_path / "data").name == "data"


@pytest.mark.parametrize("damage", [b"", b"\x1f\x8b rubbish", PACKED[f"{STEMS[0]}.gz"][:-20]])
def test_a_damaged_cache_is_repaired(tmp_path: Path, mirror: Mirror, damage: bytes) -> None:
    (fill(tmp_path / "cache" / "mnist") / f"{STEMS[0]}.gz").write_bytes(damage)
    loaded()
    assert [path for path, _ in mirror.requests] == [f"/{STEMS[0]}.gz"]


def test_without_a_network_the_error_says_what_to_do(tmp_path: Path, mirror: Mirror) -> None:
    mirror.files.clear()
    message = refusal(tmp_path / "misspelt")
    assert message.startswith(f"cannot download {STEMS[0]}.gz: 127.0.0.1")
    for words in (
        *PACKED,
        f"into {tmp_path / 'misspelt' / 'mnist'} or",
        "`data_dir`",
        "MINIGRAD_DATA",
        "`data` mnist5k",
    ):
        assert words in message


def test_a_file_in_the_folders_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert "data: not a folder" in refusal(tmp_path / "data")


def test_the_cache_follows_the_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist, "cache_folder", CACHE_FOLDER)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    assert mnist.cache_folder("linux") == tmp_path / ".cache/minigrad"
    assert mnist.cache_folder("darwin") == tmp_path / "Library/Caches/minigrad"
    assert mnist.cache_folder("win32") == tmp_path / "AppData/Local/minigrad/Cache"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    assert mnist.cache_folder("linux") == tmp_path / ".cache/minigrad"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert mnist.cache_folder("linux") == tmp_path / "xdg/minigrad"
    assert mnist.cache_folder("win32") == tmp_path / "local/minigrad/Cache"


CACHE_FOLDER = mnist.cache_folder


def test_a_user_without_a_home_needs_a_named_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(mnist, "cache_folder", CACHE_FOLDER)
    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert "no home folder" in refusal()
    fill(tmp_path / "data")
    loaded(tmp_path / "data")
