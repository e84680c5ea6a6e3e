"""The full MNIST: where it is searched for, how it is recognised, and where it is downloaded to."""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from gans.data.download import Archive, DownloadError, fetch
from gans.data.idx import Bytes, idx_header, idx_shape, read_idx
from gans.data.images import STEMS, ImageData, check_shapes, dimensions, find_file, image_data
from gans.data.progress import download_progress
from gans.errors import UserError
from gans.paths import user_path

__all__ = ["ENVIRONMENT_VARIABLE", "FILES", "MIRRORS", "MnistFile", "cache_folder", "load_mnist"]

ENVIRONMENT_VARIABLE = "MINIGRAD_DATA"

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


@dataclass(frozen=True)
class MnistFile:
    """An official archive; the SHA-256 of its content identifies a file that was packed anew."""

    stem: str
    archive: Archive
    content_sha256: str


def _official(stem: str, size: int, sha256: str, content_sha256: str) -> MnistFile:
    return MnistFile(stem, Archive(f"{stem}.gz", size, sha256), content_sha256)


FILES = (
    _official(
        "train-images-idx3-ubyte",
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    _official(
        "train-labels-idx1-ubyte",
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    _official(
        "t10k-images-idx3-ubyte",
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    _official(
        "t10k-labels-idx1-ubyte",
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)
"""The four official files: archive sizes and sums, and the sums of the unpacked IDX files."""


@dataclass(frozen=True)
class _Root:
    path: Path
    ours: bool  # the cache: what lies in it was put there by a download, and may be replaced


def load_mnist(data_dir: str | os.PathLike[str] | None = None) -> ImageData:
    """The full MNIST: 60,000 training and 10,000 test digits.

    Searched in turn: ``data_dir``, the folder named by the environment variable ``MINIGRAD_DATA``, the user's
    cache; in each of them directly, in ``mnist/`` and in ``MNIST/raw/``. If none has all four files, the
    missing ones are downloaded into the first folder that was named (into its ``mnist/``, unless some lie in
    it already), or into the cache. Files may be packed anew or unpacked: the SHA-256 of their content
    decides. A wrong file is an error and stays as it is; in the cache it is fetched again.

    Raises UserError if a file is damaged or not MNIST's, a folder cannot be written, or the download fails.
    """
    roots = _roots(data_dir)
    for root in roots:
        for folder in _layouts(root.path):
            if _holds(folder) == len(FILES):
                return _load(folder, ours=root.ours)
    folder = next((folder for folder in _layouts(roots[0].path) if _holds(folder)), roots[0].path / "mnist")
    _fetch(folder, ours=roots[0].ours)
    return _read(folder)


def cache_folder(platform: str = sys.platform) -> Path:
    """The user's cache folder for this project's data, which need not exist yet.

    ``~/Library/Caches/minigrad`` on macOS, ``%LOCALAPPDATA%/minigrad/Cache`` on Windows, elsewhere
    ``$XDG_CACHE_HOME/minigrad`` or ``~/.cache/minigrad``.

    Raises UserError if the user has no home folder.
    """
    try:
        if not Path.home().is_absolute():
            raise RuntimeError  # HOME is a relative path
        if platform == "darwin":
            return Path.home() / "Library" / "Caches" / "minigrad"
        if platform == "win32":
            local = os.environ.get("LOCALAPPDATA")
            return (Path(local) if local else Path.home() / "AppData" / "Local") / "minigrad" / "Cache"
        cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
        return (cache if cache.is_absolute() else Path.home() / ".cache") / "minigrad"
    except RuntimeError as error:
        raise UserError(
            f"no home folder to keep data in; name a folder with `data_dir` or {ENVIRONMENT_VARIABLE}"
        ) from error


def _roots(data_dir: str | os.PathLike[str] | None) -> list[_Root]:
    named = [folder for folder in (data_dir, os.environ.get(ENVIRONMENT_VARIABLE)) if folder]
    roots = [_Root(user_path(folder), ours=False) for folder in named]
    for root in roots:
        if os.path.exists(root.path) and not os.path.isdir(root.path):
            raise UserError(f"{root.path}: not a folder; `data_dir` and {ENVIRONMENT_VARIABLE} name a folder")
    try:
        return [*roots, _Root(cache_folder(), ours=True)]
    except UserError:
        if not roots:
            raise
    return roots


def _layouts(root: Path) -> tuple[Path, ...]:
    return (root, root / "mnist", root / "MNIST" / "raw")


def _holds(folder: Path) -> int:
    return sum(find_file(folder, stem) is not None for stem in STEMS)


def _load(folder: Path, *, ours: bool) -> ImageData:
    try:
        return _read(folder)
    except UserError:
        if not ours:
            raise
    _fetch(folder, ours=True)
    return _read(folder)


def _read(folder: Path) -> ImageData:
    shapes = [idx_shape(_path(file, folder), ndim=dimensions(file.stem)) for file in FILES]
    check_shapes("mnist", *shapes)
    return image_data("mnist", *(_read_official(file, folder) for file in FILES))


def _path(file: MnistFile, folder: Path) -> Path:
    path = find_file(folder, file.stem)
    if path is None:
        raise UserError(f"{folder}: {file.archive.name} is missing")
    return path


def _read_official(file: MnistFile, folder: Path) -> Bytes:
    path = _path(file, folder)
    array = read_idx(path, ndim=dimensions(file.stem))
    digest = hashlib.sha256(idx_header(array))
    digest.update(array.data)
    found = digest.hexdigest()
    if found != file.content_sha256:
        raise UserError(
            f"{path}: not the official MNIST file: SHA-256 of the unpacked content {found[:12]}..., "
            f"expected {file.content_sha256[:12]}...; delete it to have it downloaded, "
            f"or train on it as it is with `data` {folder}"
        )
    return array


def _fetch(folder: Path, *, ours: bool) -> None:
    """Download the missing files of ``folder`` and, if it is the cache, the damaged ones."""
    archives = ", ".join(file.archive.name for file in FILES)
    with download_progress() as report:
        for file in FILES:
            present = find_file(folder, file.stem) is not None
            if present and not (ours and _is_damaged(file, folder)):
                continue
            try:
                fetch(file.archive, folder, MIRRORS, report=report)
            except DownloadError as error:
                raise UserError(
                    f"{error}. Without a network, put {archives} into {folder} or a folder named by "
                    f"`data_dir` or {ENVIRONMENT_VARIABLE}, or use `data` mnist5k, a part of the package"
                ) from error


def _is_damaged(file: MnistFile, folder: Path) -> bool:
    try:
        _read_official(file, folder)
    except UserError:
        return True
    return False
