"""Random numbers by counting: Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011), in NumPy.

A state is three uint64: the key, and the two halves of a 128-bit counter, lower one first. Each value of the
counter gives four words of 32 bits, which are four numbers of float32 or two of float64; a call counts on by
what it used, so that a state in a device's memory draws anew wherever a CUDA graph is replayed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from minigrad.kernels.checks import output
from minigrad.types import Array

__all__ = ["philox_normal", "philox_uniform"]

Shape = tuple[int, ...]

ROUNDS = 10
MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
WEYL = 0x9E3779B9, 0xBB67AE85
"""What the two words of the key grow by from round to round."""

LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


def philox_uniform(state: Array, shape: Shape, dtype: DTypeLike, *, out: Array | None = None) -> Array:
    """Numbers of the uniform distribution on [0, 1), multiples of 2^-24 in float32 and 2^-53 in float64.

    ``state`` is uint64 (3,): key and counter, which counts on. The numbers are of ``shape``, in ``out`` if
    given. TypeError unless the dtype is float32 or float64, ValueError for another state. (Salmon et al.
    2011.)
    """
    check_philox("philox_uniform", state, dtype)
    y = output("philox_uniform", out, shape, np.dtype(dtype))
    words = _words(state, values_used(y.size, dtype))
    if np.dtype(dtype) == np.float32:
        numbers = (words >> np.uint64(8)) * 2.0**-24
    else:
        numbers = (_pairs(words) >> np.uint64(11)) * 2.0**-53
    return _filled(y, numbers)


def philox_normal(state: Array, shape: Shape, dtype: DTypeLike, *, out: Array | None = None) -> Array:
    """Numbers from N(0, 1): sqrt(-2 log u) times the cosine and the sine of 2 pi v. As philox_uniform.

    u lies in (0, 1], v in [0, 1); a pair of words gives a pair of numbers. (Box and Muller 1958.)
    """
    check_philox("philox_normal", state, dtype)
    y = output("philox_normal", out, shape, np.dtype(dtype))
    words = _words(state, values_used(y.size, dtype))
    if np.dtype(dtype) == np.float32:
        u = words[:, ::2].astype(np.float32) * np.float32(2.0**-32) + np.float32(2.0**-33)
        v = (words[:, 1::2] >> np.uint64(8)) * 2.0**-24
    else:
        pairs = _pairs(words) >> np.uint64(11)
        u, v = (pairs[:, :1] + np.uint64(1)) * 2.0**-53, pairs[:, 1:] * 2.0**-53
    radius, angle = np.sqrt(-2 * np.log(u.astype(np.float64))), 2 * np.pi * v
    numbers = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    return _filled(y, numbers)


def check_philox(name: str, state: Array, dtype: DTypeLike) -> None:
    """Raise TypeError unless the dtype is float32 or float64, ValueError unless ``state`` is one."""
    if np.dtype(dtype) not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise TypeError(f"{name}: expected float32 or float64; got {np.dtype(dtype)}")
    if state.shape != (3,) or state.dtype != np.uint64 or not state.flags.c_contiguous:
        raise ValueError(
            f"{name}: expected a state of 3 contiguous uint64, a key and a counter; got {state.dtype}, shape "
            f"{state.shape}, C-contiguous={state.flags.c_contiguous}"
        )


def values_used(size: int, dtype: DTypeLike) -> int:
    """How many values of the counter give ``size`` numbers."""
    return -(-size * np.dtype(dtype).itemsize // 16)


def philox4x32(key: Array, counter: Array) -> Array:
    """The words (n, 4) that counters (n, 4) give with a key (2,): 32-bit numbers, each in a uint64."""
    c0, c1, c2, c3 = counter.T
    k0, k1 = key
    for _ in range(ROUNDS):
        p0, p1 = np.uint64(MULTIPLIERS[0]) * c0, np.uint64(MULTIPLIERS[1]) * c2
        c0, c1, c2, c3 = (p1 >> HALF) ^ c1 ^ k0, p1 & LOW, (p0 >> HALF) ^ c3 ^ k1, p0 & LOW
        k0, k1 = (k0 + np.uint64(WEYL[0])) & LOW, (k1 + np.uint64(WEYL[1])) & LOW
    return np.stack([c0, c1, c2, c3], axis=-1)


def advance(state: Array, count: int) -> None:
    """Count a state on."""
    counter = (int(state[1]) + (int(state[2]) << 64) + count) % 2**128
    state[1:] = counter % 2**64, counter >> 64


def _words(state: Array, count: int) -> Array:
    """The words of the counter's next ``count`` values."""
    key, low, high = state
    lower = low + np.arange(count, dtype=np.uint64)
    upper = high + (lower < low).astype(np.uint64)
    counter = np.stack([lower & LOW, lower >> HALF, upper & LOW, upper >> HALF], axis=-1)
    words = philox4x32(np.stack([key & LOW, key >> HALF]), counter)
    advance(state, count)
    return words


def _pairs(words: Array) -> Array:
    pairs: Array = words[:, ::2] | words[:, 1::2] << HALF
    return pairs


def _filled(y: Array, numbers: Array) -> Array:
    y[...] = numbers.reshape(-1)[: y.size].reshape(y.shape)
    return y
