"""What ``gans.train`` and ``gans.resume`` take by name: each setting with its type, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_origin, get_type_hints

import pytest

import gans
from gans.errors import UserError
from gans.options import RunOptions, TrainOptions
from gans.systems import SYSTEMS
from gans.systems.settings import options_of


def test_each_setting_is_an_option_of_its_type() -> None:
    settings: dict[str, type] = {}
    for system in SYSTEMS.values():
        for preset in system.presets.values():
            settings |= {name: option.type for name, option in options_of(type(preset)).items()}
    options = get_type_hints(TrainOptions)
    plain = {name: str if get_origin(kind) is Literal else kind for name, kind in options.items()}
    assert {name: plain[name] for name in options if name not in RunOptions.__annotations__} == settings


@pytest.mark.parametrize(
    ("name", "meant"),
    [("progres", "progress"), ("datadir", "data_dir"), ("step", "steps"), ("output", "out")],
)
def test_a_misspelt_option_of_a_training_is_named(name: str, meant: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"^there is no option '{name}'; did you mean '{meant}'"):
        gans.train("gan", "ring", **{name: 1})  # type: ignore[arg-type]


def test_a_misspelt_option_of_a_resumed_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"^there is no option 'captured'; did you mean 'capture'"):
        gans.resume(tmp_path, captured=False)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="no option 'lr'"):
        gans.resume(tmp_path, lr=0.1)  # type: ignore[call-arg]
