"""Calls of the optimizers' updates, on any device's kernels."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from minigrad.kernels.coefficients import (
    adam_coefficients,
    adamw_coefficients,
    rmsprop_coefficients,
    sgd_coefficients,
)
from tests.minigrad.kernels.strategies import Array

AVERAGES = {"sgd_update": 1, "rmsprop_update": 3, "adam_update": 2, "adamw_update": 3}
"""How many running averages each update has."""


def end_of_call(name: str, numbers: tuple[Any, ...], dtype: Any) -> tuple[Any, ...]:
    """What follows the running averages in a call of an update: the coefficients and, for SGD, ``nesterov``.

    ``numbers`` are the hyper-parameters: Adam's begin with the step, SGD's end with ``nesterov``.
    """
    if name == "sgd_update":
        *numbers_of_sgd, nesterov = numbers
        return np.array(sgd_coefficients(*numbers_of_sgd), dtype), nesterov
    make: Any = {
        "rmsprop_update": rmsprop_coefficients,
        "adam_update": adam_coefficients,
        "adamw_update": adamw_coefficients,
    }[name]
    return (np.array(make(*numbers), dtype),)


NUMBERS: dict[str, tuple[Any, ...]] = {
    "sgd_update": (0.1, 0.9, 0.3, 0.02, True),
    "rmsprop_update": (0.1, 0.9, 1e-3, 0.01, 0.5),
    "adam_update": (7, 0.1, 0.9, 0.99, 1e-3, 0.1),
    "adamw_update": (7, 0.1, 0.9, 0.99, 1e-3, 0.1, 0.3),
}


def assert_coefficients_are_read(kernels: ModuleType, name: str, dtype: type) -> None:
    """An update follows what is in the array when it is called; nothing changes where the rate is NaN; an
    array of another shape, dtype or memory is refused.
    """
    rng = np.random.default_rng(0)
    before = np.abs(rng.normal(size=(1 + AVERAGES[name], 3000))).astype(dtype)
    before[1] += 30  # a mean of squares is never below the square of the mean
    g, update = rng.normal(size=3000).astype(dtype), getattr(kernels, name)

    def after(*end: Any) -> Array:
        state = before.copy()
        update(state[0], g, *state[1:], *end)
        return state

    coefficients, *flags = end_of_call(name, NUMBERS[name], dtype)
    first = after(coefficients, *flags)
    for place in range(coefficients.size):
        kept = coefficients[place]
        coefficients[place] = kept / 2
        assert after(coefficients, *flags).tobytes() != first.tobytes(), place
        coefficients[place] = kept
    assert after(coefficients, *flags).tobytes() == first.tobytes()
    for nothing in (
        np.full_like(coefficients, np.nan),
        np.where(np.arange(coefficients.size), coefficients, np.nan).astype(dtype),
    ):
        assert after(nothing, *flags).tobytes() == before.tobytes()
    for wrong in (coefficients[:-1], coefficients.astype(np.float16), np.repeat(coefficients, 2)[::2]):
        with pytest.raises(ValueError, match=rf"{name}: expected coefficients to be .* \((lr|rate), "):
            after(wrong, *flags)
