"""The systems: GANs and their relatives by name, the contract that they keep, and how to write one.

>>> import numpy as np
>>> settings = settings_for("gan", "points", batch_size=64)
>>> gan = build(settings, (2,))
>>> gan.sample(3, np.random.default_rng(0)).samples.shape
(3, 2)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from gans.data.spec import Kind, Spec
from gans.systems.optimizing import AdamSettings, LinearAdamSettings, TwoAdamSettings, adam
from gans.systems.registry import SYSTEMS, build, check_device, check_used, find, settings_for
from gans.systems.sampling import in_batches
from gans.systems.settings import Settings, setting
from gans.systems.system import Ask, Batch, Made, System, Trainer
from gans.updates import Descent, State, descend, update

__all__ = [
    "SYSTEMS",
    "AdamSettings",
    "Ask",
    "Batch",
    "Descent",
    "Kind",
    "LinearAdamSettings",
    "Made",
    "Settings",
    "Spec",
    "State",
    "System",
    "Trainer",
    "TwoAdamSettings",
    "adam",
    "build",
    "check_device",
    "check_used",
    "descend",
    "find",
    "in_batches",
    "setting",
    "settings_for",
    "update",
]

if not TYPE_CHECKING:  # a checker finds names that do not exist by itself
    _GONE = {
        "Gan": "gans.systems.Gan is called gans.systems.two_player.TwoPlayer",
        "variants": "gans.systems.variants is now wasserstein, other_losses, regularised and pacgan",
    }

    def __getattr__(name: str) -> NoReturn:
        raise AttributeError(_GONE.get(name, f"module {__name__!r} has no attribute {name!r}"))
