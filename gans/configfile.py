"""A training's options in a file: TOML, or the config.json of a run."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gans.data.spec import KIND_WORDS
from gans.errors import UserError
from gans.files import decode, read, reading
from gans.options import RUN_OPTIONS
from gans.systems import settings_for
from gans.systems.settings import options_of
from gans.trainer.config import modern

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["OPTIONS", "read_config"]

OPTIONS = (
    "model",
    "data",
    "data_dir",
    "out",
    "epochs",
    "steps",
    "seed",
    "device",
    "checkpoint_every",
    "evaluate_every",
    "keep_best",
)
"""The options beside the model's settings, all at the top of the file."""

_MOST_BYTES = 2**20

_REMEDY = (
    "a config has `model = ...`, the options of `gans train`, and its settings at the top or in [settings]"
)


def read_config(path: Path) -> dict[str, Any]:
    """The options in ``path`` by name, settings among them, as ``gans.train`` takes them.

    Raises UserError if the file cannot be read, is neither TOML nor JSON, or repeats a setting.
    """
    try:
        with reading(path, _REMEDY, "not a config"):
            content = read(path, _MOST_BYTES)
            if path.suffix.lower() == ".json":
                return _of_run(decode(content, dict[str, Any]))
            return _flat(tomllib.loads(content.decode()))
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None


def _flat(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its table ``settings`` at the top."""
    flat = {name: value for name, value in document.items() if name != "settings"}
    settings = document.get("settings", {})
    if not isinstance(settings, Mapping):
        raise ValueError("settings is no table")
    twice = sorted(flat.keys() & settings.keys())
    if twice:
        raise ValueError(f"{twice[0]} stands twice")
    return {**flat, **settings}


def _of_run(document: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the run whose config.json this is; its data are looked for anew."""
    if "format" not in document:
        return _flat(document)
    kept = {name: document.get(name) for name in (*OPTIONS, *RUN_OPTIONS) if document.get(name) is not None}
    if "epochs" in kept:
        kept.pop("steps", None)
    if document["format"] == 1:
        document = modern(dict(document))
    return {**kept, **_used(document)}


def _used(document: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a run that have an effect on its data: the others would be refused."""
    model, settings = document.get("model"), document.get("settings", {})
    kind = document.get("spec", {}).get("kind")
    if model is None or kind not in KIND_WORDS:
        return dict(settings)
    chosen = settings_for(model, kind, **settings)
    options = options_of(type(chosen))
    return {name: value for name, value in settings.items() if options[name].is_used(chosen, kind)}
