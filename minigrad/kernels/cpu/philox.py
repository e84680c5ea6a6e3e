"""Philox4x32-10 and the Box-Muller transform, value by value of the counter."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad.kernels.checks import output
from minigrad.kernels.cpu.runtime.compiling import jit, launch
from minigrad.kernels.cpu.runtime.inner import inner_jit
from minigrad.kernels.cpu.runtime.parallel import parallel_for
from minigrad.kernels.philox import MULTIPLIERS as _MULTIPLIERS
from minigrad.kernels.philox import ROUNDS, Shape, advance, check_philox, values_used
from minigrad.kernels.philox import WEYL as _WEYL
from minigrad.types import Array

__all__ = ["philox_normal", "philox_uniform"]

CHUNK = 1 << 11  # values of the counter for one iteration; fewer run on one thread
M0, M1 = (np.uint64(number) for number in _MULTIPLIERS)
W0, W1 = (np.uint64(number) for number in _WEYL)
LOW, ONE = np.uint64(0xFFFFFFFF), np.uint64(1)
EIGHT, ELEVEN, HALF = np.uint64(8), np.uint64(11), np.uint64(32)


@inner_jit
def _draw(chunk: int, key: Any, low: Any, high: Any, normal: bool, y: Array) -> None:
    each = 16 // y.itemsize
    numbers = np.empty(4)
    for value in range(chunk * CHUNK, min((chunk + 1) * CHUNK, (y.size + each - 1) // each)):
        lower = low + np.uint64(value)
        upper = high + ONE if lower < low else high
        c0, c1, c2, c3 = lower & LOW, lower >> HALF, upper & LOW, upper >> HALF
        k0, k1 = key & LOW, key >> HALF
        for _ in range(ROUNDS):
            p0, p1 = M0 * c0, M1 * c2
            c0, c1, c2, c3 = (p1 >> HALF) ^ c1 ^ k0, p1 & LOW, (p0 >> HALF) ^ c3 ^ k1, p0 & LOW
            k0, k1 = (k0 + W0) & LOW, (k1 + W1) & LOW
        if each == 4:
            numbers[0], numbers[1] = c0 >> EIGHT, c1 >> EIGHT
            numbers[2], numbers[3] = c2 >> EIGHT, c3 >> EIGHT
            numbers *= 2.0**-24
            if normal:
                numbers[0] = np.float32(c0) * np.float32(2.0**-32) + np.float32(2.0**-33)
                numbers[2] = np.float32(c2) * np.float32(2.0**-32) + np.float32(2.0**-33)
        else:
            first = (c0 | c1 << HALF) >> ELEVEN
            numbers[0] = first + ONE if normal else first
            numbers[1] = (c2 | c3 << HALF) >> ELEVEN
            numbers *= 2.0**-53
        if normal:
            for j in range(0, each, 2):
                radius, angle = math.sqrt(-2 * math.log(numbers[j])), 2 * math.pi * numbers[j + 1]
                numbers[j], numbers[j + 1] = radius * math.cos(angle), radius * math.sin(angle)
        for j in range(min(each, y.size - value * each)):
            y[value * each + j] = numbers[j]


@jit
def _draw_chunks(chunks: int, key: int, low: int, high: int, normal: bool, y: Array) -> None:
    parallel_for(chunks, _draw, key, low, high, normal, y)


def philox_uniform(state: Array, shape: Shape, dtype: DTypeLike, *, out: Array | None = None) -> Array:
    """Numbers of the uniform distribution on [0, 1), multiples of 2^-24 in float32 and 2^-53 in float64.

    ``state`` is uint64 (3,): key and counter, which counts on. The numbers are of ``shape``, in ``out`` if
    given. TypeError unless the dtype is float32 or float64, ValueError for another state. (Salmon et al.
    2011.)
    """
    return _philox("philox_uniform", state, shape, dtype, False, out)


def philox_normal(state: Array, shape: Shape, dtype: DTypeLike, *, out: Array | None = None) -> Array:
    """Numbers from N(0, 1): sqrt(-2 log u) times the cosine and the sine of 2 pi v. As philox_uniform.

    u lies in (0, 1], v in [0, 1); a pair of words gives a pair of numbers. (Box and Muller 1958.)
    """
    return _philox("philox_normal", state, shape, dtype, True, out)


def _philox(
    name: str, state: Array, shape: Shape, dtype: DTypeLike, normal: bool, out: Array | None
) -> Array:
    check_philox(name, state, dtype)
    y = output(name, out, shape, np.dtype(dtype))
    count = values_used(y.size, y.dtype)
    chunks = -(-count // CHUNK)
    key, low, high = state
    if chunks == 1:
        _draw_chunks(1, key, low, high, normal, y.reshape(-1))
    elif chunks > 1:
        with launch(16 * count * ROUNDS):
            _draw_chunks(chunks, key, low, high, normal, y.reshape(-1))
    advance(state, count)
    return y
