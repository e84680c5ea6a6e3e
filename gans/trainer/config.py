"""A run's configuration: everything that decides its numbers, as config.json keeps it."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import msgspec
import numpy as np
from msgspec import Meta

import minigrad
from gans.data.spec import Kind, Shape, Spec
from gans.errors import UserError
from gans.files import decode, fitted, read, reading, write_json
from gans.messages import one_line
from gans.systems import Settings, find, settings_for
from gans.systems.settings import options_of
from minigrad.devices import DEVICES

__all__ = [
    "CONFIG",
    "BatchNorm",
    "MOST_STEPS",
    "RunConfig",
    "Schedule",
    "default_epochs",
    "digest_of",
    "versions",
]

CONFIG = "config.json"

MOST_STEPS = 10**15
"""More steps than a machine runs in its lifetime; each is an exact float."""

MOST_SEED = 2**63 - 1
"""The largest integer of JSON that other programs can read."""


class Schedule(NamedTuple):
    """When a run writes what changes none of its numbers; None stands for the run's own, or the default.

    ``checkpoint_every`` is in steps, ``evaluate_every`` in epochs, 0 for never; ``keep_best`` is the name of
    the figure by which the best checkpoint is kept.
    """

    checkpoint_every: int | None = None
    evaluate_every: int | None = None
    keep_best: str | None = None

    def given(self) -> dict[str, Any]:
        """What is not None, by name."""
        return {name: value for name, value in self._asdict().items() if value is not None}


def default_epochs(settings: Settings, kind: Kind) -> int:
    """The default length of ``gans train``: as many steps for any number of batches in a step.

    ``epochs`` of a system are those of its preset; twice as many updates of D in a step make twice as many.
    """
    system = find(settings.model)
    epochs = system.epochs.get(kind, 1)
    if kind == "points":
        return epochs
    batches, own = (system.batches_in_a_step(of) for of in (settings, system.presets[kind]))
    return -(-epochs * batches // own)


_FORMAT = 2

_MOST_BYTES = 2**20

_REMEDY = "put back a copy, or train anew into another folder"

Text: TypeAlias = Annotated[str, Meta(max_length=4096, pattern=r"^[^\x00]*$")]
BatchNorm: TypeAlias = Literal["synchronised", "local"]
"""Whose statistics batch norm takes where several processes train: those of the whole batch, or its own."""

Size: TypeAlias = Annotated[int, Meta(ge=1, le=2**16)]
Steps: TypeAlias = Annotated[int, Meta(ge=1, le=MOST_STEPS)]


@dataclass(frozen=True, kw_only=True)
class _Fields:
    """What config.json holds beside the format, the model and its settings."""

    spec: Spec
    data: Text
    data_dir: Text | None
    data_digest: Text | None
    seed: Annotated[int, Meta(ge=0, le=MOST_SEED)]
    steps: Steps
    epochs: Steps | None
    checkpoint_every: Steps
    versions: dict[str, Text]
    device: Text = "cpu"
    evaluate_every: Annotated[int, Meta(ge=0, le=MOST_STEPS)] = 0
    keep_best: Text | None = None
    batch_norm: BatchNorm = "synchronised"
    ranks: Annotated[int, Meta(ge=1, le=2**24)] = 1


@dataclass(frozen=True, kw_only=True)
class RunConfig(_Fields):
    """A run's settings, data, seed and length.

    ``data`` is a name for ``gans.data.load``, or a folder; ``data_dir`` is the folder in which it was found;
    ``data_digest`` identifies images; ``spec`` has the kind and the shape of a sample. The run ends after
    ``steps`` steps, which are ``epochs`` epochs if the length was given in epochs. ``device`` is where it is
    trained; the config.json of older runs lacks it: they were trained on the CPU. Samples are measured after
    every ``evaluate_every`` epochs, or never if that is 0, and the checkpoint with the best ``keep_best`` of
    them, the name of a figure, is kept. ``batch_norm`` says whether its statistics are those of the whole
    batch where several processes train; ``ranks`` notes how many did at last, and decides nothing.
    """

    settings: Settings

    @property
    def model(self) -> str:
        """The name of the system."""
        return self.settings.model

    @property
    def shape(self) -> Shape:
        """The shape of one sample."""
        return self.spec.shape

    @property
    def title(self) -> str:
        """The run in words, for displays and plots."""
        return one_line(f"{Path(self.model).name} on {Path(self.data).name}", 80)

    def check(self) -> None:
        """Refuse values that ``read`` would refuse later.

        Raises UserError if a value is out of its range, or a name has bytes that are no text.
        """
        for text in filter(None, (self.data, self.data_dir, self.model)):
            if any("\ud800" <= character <= "\udfff" for character in text):
                raise UserError(
                    f"{text}: bytes that are no UTF-8, which {CONFIG} cannot keep; rename the folder"
                )
        fields = asdict(self)
        del fields["settings"]
        try:
            _checked(fields)
        except ValueError as error:
            raise UserError(f"no run can have such a value: {error}") from error

    def write(self, folder: Path) -> None:
        """Write config.json, all or nothing."""
        fields = asdict(self)
        settings = fields.pop("settings")
        model = settings.pop("model")
        write_json(folder / CONFIG, {"format": _FORMAT, "model": model, "settings": settings, **fields})

    @classmethod
    def read(cls, folder: Path) -> RunConfig:
        """Read config.json, of this format or the one before.

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
        if written_in not in (1, _FORMAT):
            raise ValueError(f"written in format {written_in!r}, this version reads formats 1 and {_FORMAT}")
        if written_in == 1:
            document = modern(document)
        header = fitted(document, _Header)
        for name in ("model", "settings"):
            del document[name]
        unknown = document.keys() - _Fields.__dataclass_fields__.keys()
        if unknown:
            raise ValueError(f"nothing is called {min(unknown)!r}")
        fields = _checked(document)
        settings = settings_for(header.model, fields.spec.kind, **header.settings)
        config = cls(settings=settings, **vars(fields))
        if config.device not in DEVICES:
            raise ValueError(f"device is {config.device!r}, expected {' or '.join(DEVICES)}")
        return config


def _checked(fields: dict[str, Any]) -> _Fields:
    """``fields`` as those of a run; ValueError if one does not fit."""
    checked = fitted(fields, _Fields)
    fitted(asdict(checked.spec), _SpecFields)
    return checked


@dataclass(frozen=True)
class _SpecFields:
    """The ranges of a Spec in config.json."""

    kind: Kind
    shape: Annotated[tuple[Size, ...], Meta(min_length=1, max_length=4)]
    classes: Annotated[int, Meta(ge=0, le=2**16)] = 0
    source: Annotated[tuple[Size, ...], Meta(min_length=3, max_length=4)] | None = None
    vocabulary: Annotated[int, Meta(ge=0, le=2**24)] = 0


def modern(document: dict[str, Any]) -> dict[str, Any]:
    """A document of format 1 as one of format 2.

    It has a shape in place of a Spec, and the settings of all models: those that the model does not have
    hold values without an effect.
    """
    header = fitted(document, _Header1)
    spec = Spec.of(header.shape)
    unknown = header.settings.keys() - _SETTINGS_1
    if unknown:
        raise ValueError(f"nothing is called {min(unknown)!r}")
    system = find(header.model)
    own = options_of(type(system.presets[spec.kind])) if spec.kind in system.presets else _SETTINGS_1
    settings = {name: value for name, value in header.settings.items() if name in own}
    rest = {name: value for name, value in document.items() if name != "shape"}
    return {**rest, "spec": asdict(spec), "settings": {**system.format_1, **settings}}


_SETTINGS_1 = frozenset(
    [
        "objective",
        "batch_size",
        "lr",
        "lr_ratio",
        "lr_half_life",
        "beta1",
        "beta2",
        "optimizer",
        "critic_steps",
        "latent",
        "width",
        "depth",
        "clip",
        "penalty",
    ]
)


class _Header(msgspec.Struct):
    """The fields that decide which settings there are."""

    model: Text
    settings: dict[str, Any]


class _Header1(_Header):
    shape: Annotated[tuple[Size, ...], Meta(min_length=1, max_length=3)]


def digest_of(data: Any) -> str | None:
    """The digest that identifies data; None for a distribution, which its name defines."""
    return None if data.kind == "points" else str(data.digest())


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
