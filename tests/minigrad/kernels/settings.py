"""An update that reads its numbers from an array, on any device's kernels."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from minigrad.kernels.settings import adam_settings, adamw_settings, rmsprop_settings, sgd_settings

NUMBERS: dict[str, tuple[Any, tuple[float, ...], int]] = {
    "sgd_update": (sgd_settings, (0.1, 0.9, 0.3, 0.02), 1),
    "rmsprop_update": (rmsprop_settings, (0.1, 0.9, 1e-3, 0.01, 0.5), 3),
    "adam_update": (adam_settings, (7, 0.1, 0.9, 0.99, 1e-3, 0.1), 2),
    "adamw_update": (adamw_settings, (7, 0.1, 0.9, 0.99, 1e-3, 0.1, 0.3), 3),
}
"""What makes an update's settings, of what, and how many running averages the update has."""


def assert_settings_stand_for_numbers(kernels: ModuleType, name: str, dtype: type) -> None:
    """The same bits from an array of settings, whatever the numbers beside it; no change where the rate is
    NaN; a wrong array is refused.
    """
    rng = np.random.default_rng(0)
    make, numbers, averages = NUMBERS[name]
    flags = (True,) if name == "sgd_update" else ()
    states = [np.abs(rng.normal(size=(1 + averages, 3000))).astype(dtype) for _ in range(2)]
    states[0][1] += 30  # a mean of squares is never below the square of the mean
    states[1][...] = states[0]
    g, update = rng.normal(size=3000).astype(dtype), getattr(kernels, name)
    update(states[0][0], g, *states[0][1:], *numbers, *flags)
    others = tuple(number / 2 for number in numbers)
    array = np.array(make(*numbers), dtype)
    update(states[1][0], g, *states[1][1:], *others, *flags, settings=array)
    assert states[0].tobytes() == states[1].tobytes()
    for nothing in (
        np.full_like(array, np.nan),
        np.where(np.arange(array.size), array, np.nan).astype(dtype),
    ):
        update(states[1][0], g, *states[1][1:], *others, *flags, settings=nothing)
        assert states[0].tobytes() == states[1].tobytes()
    for wrong in (array[:-1], array.astype(np.float16), np.repeat(array, 2)[::2]):
        with pytest.raises(ValueError, match=f"{name}: expected settings= to be a contiguous"):
            update(states[1][0], g, *states[1][1:], *numbers, *flags, settings=wrong)
