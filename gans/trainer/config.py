"""What a run is: everything that decides its numbers, as config.json keeps it."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from gans.data import NAMES, Dataset, ImageData
from gans.data.images import user_path
from gans.errors import UserError
from gans.systems import Kind, Settings, is_image, settings_for
from gans.trainer.files import write_json
from minigrad.backend import DEVICES

__all__ = ["CONFIG", "RunConfig", "data_name", "default_epochs", "digest_of", "kind_of", "versions"]

CONFIG = "config.json"

_EPOCHS: dict[Kind, int] = {"image": 12, "points": 20}


def default_epochs(settings: Settings, kind: Kind) -> int:
    """How long `gans train` trains unless told: G gets as many updates whatever the critic takes."""
    return _EPOCHS[kind] * (settings.critic_steps if kind == "image" else 1)


_FORMAT = 1

_REMEDY = "put back a copy, or train anew into another folder"

# Values of the types that config.json must have.
_REQUIRED: dict[str, Any] = {
    "data": "", "seed": 0, "steps": 0, "checkpoint_every": 0, "versions": {}, "device": ""
}  # fmt: skip
_OPTIONAL: dict[str, Any] = {"data_dir": "", "data_digest": "", "epochs": 0}


@dataclass(frozen=True)
class RunConfig:
    """A run's settings, data, seed and length.

    ``data`` is a name that `gans.data.load` knows, or a folder; ``data_dir`` is where it was looked for;
    ``data_digest`` tells whether images are still the same; ``shape`` is that of one sample. The run ends
    after ``steps`` steps, which are ``epochs`` epochs if the length was given so. ``device`` is where it is
    trained; runs from before there was a choice say nothing and are on the CPU.
    """

    settings: Settings
    data: str
    data_dir: str | None
    data_digest: str | None
    shape: tuple[int, ...]
    seed: int
    steps: int
    epochs: int | None
    checkpoint_every: int
    versions: dict[str, str]
    device: str = "cpu"

    @property
    def title(self) -> str:
        """The run in words, for displays and plots."""
        return f"{self.settings.model} on {Path(self.data).name}"

    def write(self, folder: Path) -> None:
        """Write config.json, all or nothing."""
        document = asdict(self)
        write_json(
            folder / CONFIG, {"format": _FORMAT, "model": document["settings"].pop("model"), **document}
        )

    @classmethod
    def read(cls, folder: Path) -> RunConfig:
        """Read config.json.

        :raises UserError: the folder holds no run, or its config.json is damaged or by a newer version
        """
        path = folder / CONFIG
        try:
            document = json.loads(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(f"{folder}: no run there ({CONFIG} is missing)") from None
        except ValueError as error:
            raise UserError(f"{path}: damaged: not JSON ({error}); {_REMEDY}") from error
        try:
            return cls._from_document(document)
        except (UserError, KeyError, TypeError, ValueError, AttributeError) as error:
            reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise UserError(f"{path}: damaged: {reason}; {_REMEDY}") from error

    @classmethod
    def _from_document(cls, document: dict[str, Any]) -> RunConfig:
        written_in = document.pop("format")
        if written_in != _FORMAT:
            raise ValueError(f"written in format {written_in!r}, this version reads format {_FORMAT}")
        shape = tuple(document.pop("shape"))
        kind: Kind = "image" if is_image(shape) else "points"
        model, changes = document.pop("model"), document.pop("settings")
        _check_types(changes, asdict(settings_for(model, kind)))
        config = cls(settings=settings_for(model, kind, **changes), shape=shape, **document)
        _check_types(vars(config), _REQUIRED)
        _check_types({name: value for name, value in vars(config).items() if value is not None}, _OPTIONAL)
        if min(config.steps, config.checkpoint_every, *shape) < 1 or config.seed < 0:
            raise ValueError("steps, checkpoint_every and shape must be positive, and seed at least 0")
        if config.device not in DEVICES:
            raise ValueError(f"device is {config.device!r}, expected {' or '.join(DEVICES)}")
        return config


def data_name(text: str) -> str:
    """``text`` as config.json keeps it: a name as it is, a folder as an absolute path."""
    path = user_path(text)
    return str(path.resolve()) if text not in NAMES and path.is_dir() else text


def kind_of(data: Dataset) -> Kind:
    """What ``data`` holds."""
    return "image" if isinstance(data, ImageData) else "points"


def digest_of(data: Dataset) -> str | None:
    """By what images are recognised; None for a distribution, which its name defines."""
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


def _check_types(values: dict[str, Any], like: dict[str, Any]) -> None:
    """Each of ``values`` has the type of its namesake in ``like``; an integer may stand for a float."""
    for name, expected in like.items():
        if name not in values:
            continue
        wanted = (int, float) if isinstance(expected, float) else type(expected)
        if not isinstance(values[name], wanted) or isinstance(values[name], bool):
            raise ValueError(f"{name} is {values[name]!r}, expected {type(expected).__name__}")
