"""A run's configuration: everything that decides its numbers, as config.json keeps it."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import msgspec
import numpy as np
from msgspec import Meta

import minigrad
from gans.data import NAMES, Dataset, ImageData
from gans.errors import UserError
from gans.files import decode, fitted, read, reading, write_json
from gans.messages import one_line
from gans.paths import user_path
from gans.systems import Kind, Settings, is_image, settings_for
from minigrad.devices import DEVICES

__all__ = [
    "CONFIG",
    "MOST_STEPS",
    "RunConfig",
    "data_name",
    "default_epochs",
    "digest_of",
    "kind_of",
    "versions",
]

CONFIG = "config.json"

MOST_STEPS = 10**15
"""More steps than a machine runs in its lifetime; each is an exact float."""

MOST_SEED = 2**63 - 1
"""The largest integer of JSON that other programs can read."""

_EPOCHS: dict[Kind, int] = {"image": 12, "points": 20}


def default_epochs(settings: Settings, kind: Kind) -> int:
    """The default length of ``gans train``: as many updates of G for any number of critic steps."""
    return _EPOCHS[kind] * (settings.critic_steps if kind == "image" else 1)


_FORMAT = 1

_MOST_BYTES = 2**20

_REMEDY = "put back a copy, or train anew into another folder"

Text: TypeAlias = Annotated[str, Meta(max_length=4096, pattern=r"^[^\x00]*$")]
Size: TypeAlias = Annotated[int, Meta(ge=1, le=2**16)]
Steps: TypeAlias = Annotated[int, Meta(ge=1, le=MOST_STEPS)]


@dataclass(frozen=True)
class RunConfig:
    """A run's settings, data, seed and length.

    ``data`` is a name for ``gans.data.load``, or a folder; ``data_dir`` is the folder in which it was found;
    ``data_digest`` identifies images; ``shape`` is that of one sample. The run ends after ``steps`` steps,
    which are ``epochs`` epochs if the length was given in epochs. ``device`` is where it is trained; the
    config.json of older runs lacks it: they were trained on the CPU.
    """

    settings: Settings
    data: Text
    data_dir: Text | None
    data_digest: Text | None
    shape: Annotated[tuple[Size, ...], Meta(min_length=1, max_length=3)]
    seed: Annotated[int, Meta(ge=0, le=MOST_SEED)]
    steps: Steps
    epochs: Steps | None
    checkpoint_every: Steps
    versions: dict[str, Text]
    device: Text = "cpu"

    @property
    def title(self) -> str:
        """The run in words, for displays and plots."""
        return one_line(f"{self.settings.model} on {Path(self.data).name}", 80)

    def check(self) -> None:
        """Refuse values that ``read`` would refuse later.

        Raises UserError if a value is out of its range, or a name has bytes that are no text.
        """
        for text in filter(None, (self.data, self.data_dir)):
            if any("\ud800" <= character <= "\udfff" for character in text):
                raise UserError(
                    f"{text}: bytes that are no UTF-8, which {CONFIG} cannot keep; rename the folder"
                )
        try:
            fitted(asdict(self), RunConfig)
        except ValueError as error:
            raise UserError(f"no run can have such a value: {error}") from error

    def write(self, folder: Path) -> None:
        """Write config.json, all or nothing."""
        document = asdict(self)
        write_json(
            folder / CONFIG, {"format": _FORMAT, "model": document["settings"].pop("model"), **document}
        )

    @classmethod
    def read(cls, folder: Path) -> RunConfig:
        """Read config.json.

        Raises UserError if the folder holds no run, or its config.json is damaged or by a newer version.
        """
        path = folder / CONFIG
        try:
            with reading(path, _REMEDY):
                return cls._from_json(read(path, _MOST_BYTES))
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(f"{folder}: no run there ({CONFIG} is missing)") from None

    @classmethod
    def _from_json(cls, content: bytes) -> RunConfig:
        document = decode(content, dict[str, Any])
        written_in = document.pop("format")
        if written_in != _FORMAT:
            raise ValueError(f"written in format {written_in!r}, this version reads format {_FORMAT}")
        header = fitted(document, _Header)
        kind: Kind = "image" if is_image(header.shape) else "points"
        values = asdict(settings_for(header.model, kind))
        known = set(values) - {"model"}
        unknown = {*(set(header.settings) - known), *(set(document) - {"model", *cls.__annotations__})}
        if unknown:
            raise ValueError(f"nothing is called {min(unknown)!r}")
        changed = asdict(fitted({**values, **header.settings}, Settings))
        settings = settings_for(header.model, kind, **{name: changed[name] for name in known})
        config = fitted({**document, "settings": settings}, cls)
        if config.device not in DEVICES:
            raise ValueError(f"device is {config.device!r}, expected {' or '.join(DEVICES)}")
        return config


class _Header(msgspec.Struct):
    """The fields that decide which settings there are."""

    model: str
    shape: tuple[Size, ...]
    settings: dict[str, Any]


def data_name(text: str) -> str:
    """``text`` as config.json keeps it: a name as it is, a folder or a file as an absolute path."""
    path = user_path(text)
    return str(path.resolve()) if text not in NAMES and os.path.exists(path) else text


def kind_of(data: Dataset) -> Kind:
    """Whether ``data`` holds images or points."""
    return "image" if isinstance(data, ImageData) else "points"


def digest_of(data: Dataset) -> str | None:
    """The digest that identifies images; None for a distribution, which its name defines."""
    return data.digest() if isinstance(data, ImageData) else None


def versions() -> dict[str, str]:
    """The versions on which a run's last bits depend."""
    try:
        numba = version("numba")
    except PackageNotFoundError:
        numba = "unknown"
    return {
        "minigrad": minigrad.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba,
        "platform": platform.platform(),
        "processor": platform.machine(),
    }
