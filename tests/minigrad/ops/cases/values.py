"""Numbers to try functions on, exact in float32 and off their kinks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Array = NDArray[Any]
Values = Callable[[np.random.Generator, tuple[int, ...]], Array]


def anything(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.uniform(-2, 2, shape)


def positive(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.uniform(0.5, 2, shape)


def off_zero(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(rng.uniform(0.3, 2, shape) * rng.choice([-1, 1], shape))


def distinct(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    size = int(np.prod(shape))
    return np.asarray((rng.permutation(size).reshape(shape) - size / 2) * 0.125)


def halves(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.integers(-3, 4, shape) * 0.5


def wholes(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.integers(-2, 3, shape) * 1.0


def between_halves(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return halves(rng, shape) + 0.25


def probability(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.uniform(0, 1, shape)


def unbounded(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(rng.choice([0.0, 1.0, np.inf, -np.inf, np.nan], shape))


def bools(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(rng.integers(0, 2, shape), bool)


def generator(draw: st.DrawFn) -> np.random.Generator:
    return np.random.default_rng(draw(st.integers(0, 2**32 - 1)))


def fill(rng: np.random.Generator, shape: tuple[int, ...], values: Values) -> Array:
    array = np.asarray(values(rng, shape))
    return array if array.dtype == bool else array.astype(np.float32).astype(np.float64)
