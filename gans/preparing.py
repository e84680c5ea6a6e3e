"""From what a training is given to the configuration and the data of its run."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from gans.configfile import read_config
from gans.data import Dataset
from gans.data import load as load_dataset
from gans.errors import UserError
from gans.options import RUN_OPTIONS, Given, StrPath, TrainOptions, run_options, suggestion
from gans.paths import user_path
from gans.systems import check_device, check_used, find, settings_for
from gans.trainer import Length, RunConfig, Schedule, default_epochs, new_config

__all__ = ["Prepared", "dataset", "prepare", "schedule_of", "with_file"]


class Prepared(NamedTuple):
    """A run before its first step: its configuration, its data, and the options that change no number."""

    config: RunConfig
    data: Dataset
    options: Given


def with_file(config: StrPath | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is ``given``, and what a file gives beside it. Raises UserError if it cannot be read."""
    if config is None:
        return dict(given)
    filed = read_config(user_path(config))
    if not given.keys().isdisjoint({"epochs", "steps"}):
        filed = {name: value for name, value in filed.items() if name not in ("epochs", "steps")}
    return {**filed, **given}


def prepare(
    *,
    model: str | None = None,
    data: Dataset | StrPath | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    seed: int = 0,
    device: str = "cpu",
    **options: Any,
) -> Prepared:
    """The run of ``model`` on ``data`` with ``options``, as ``gans.train`` takes them; ``data`` are loaded.

    Raises UserError for an unknown name, a value out of range, data that cannot be loaded or do not fit the
    model, or a missing device.
    """
    settings = {name: value for name, value in options.items() if name not in RUN_OPTIONS}
    if epochs is not None and steps is not None:
        raise UserError(f"the length is given twice, `epochs` {epochs} and `steps` {steps}; give one of them")
    if model is None:
        raise UserError("which `model`? For example dcgan (`gans list` shows all)")
    _check_names(settings)
    system = find(model)
    settings_for(
        model, next(iter(system.presets)), **settings
    )  # a misspelt name should not wait for a download
    check_device(device)
    run = run_options({name: value for name, value in options.items() if name in RUN_OPTIONS})
    name, loaded = dataset(system.data if data is None else data, run.data_dir)
    chosen = settings_for(model, loaded.kind, **settings)
    check_used(model, loaded.kind, settings, chosen)
    length = Length(steps, epochs)
    config = new_config(
        chosen,
        loaded,
        length if length != Length() else Length(epochs=default_epochs(chosen, loaded.kind)),
        name=name,
        data_dir=run.data_dir,
        seed=seed,
        schedule=schedule_of(run),
        device=device,
    )
    if run.batch_norm is not None:
        config = replace(config, batch_norm=run.batch_norm)
    return Prepared(config, loaded, run)


def dataset(data: Dataset | StrPath, data_dir: StrPath | None) -> tuple[str, Dataset]:
    """The data and their name. Raises UserError if they cannot be loaded."""
    if isinstance(data, str | os.PathLike):
        return os.fspath(data), load_dataset(data, data_dir)
    return data.name, data


def schedule_of(given: Given) -> Schedule:
    """When a run with these options saves and measures."""
    return Schedule(given.checkpoint_every, given.evaluate_every, given.keep_best)


def _check_names(settings: Iterable[str]) -> None:
    """Raise UserError for a name that is almost one of ``train``'s own arguments.

    ``settings_for`` refuses all others that no setting has.
    """
    own = ("data", "out", "epochs", "steps", "seed", "device", *RUN_OPTIONS)
    for name in settings:
        if name not in TrainOptions.__annotations__ and difflib.get_close_matches(name, own, n=1):
            raise UserError(f"there is no option {name!r}{suggestion(name, own)}")
