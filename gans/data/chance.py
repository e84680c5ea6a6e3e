"""Random numbers that an index decides: any image's are computed alone, in any order, on any machine."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["Keys", "bell", "below", "branched", "keys_of", "uniform", "words"]

Keys = npt.NDArray[np.uint64]
"""A key for each image, (n,)."""

Floats32 = npt.NDArray[np.float32]

_STEP = np.uint64(0x9E3779B97F4A7C15)

_BELL_MEAN = 2 * 65_535
_BELL_STD = (4 * (65_536**2 - 1) / 12) ** 0.5


def keys_of(indices: npt.NDArray[np.int64], stream: int) -> Keys:
    """A key for each index (n,); another ``stream``, from 0, gives other keys to the same indices."""
    return _mixed(_STEP * (indices.astype(np.uint64) * np.uint64(256) + np.uint64(stream + 1)))


def words(keys: Keys, count: int) -> Keys:
    """``count`` random 64-bit integers for each key, (n, count): the SplitMix64 generator at each key.

    Steele, Lea and Flood 2014, figure 17. Equal on every machine, since only integers are computed.
    """
    return _mixed(keys[:, None] + _STEP * np.arange(1, count + 1, dtype=np.uint64))


def branched(keys: Keys, stream: int) -> Keys:
    """Other keys for the same indices, for draws that do not depend on each other's number."""
    return keys_of(keys.view(np.int64), stream)


def below(keys: Keys, limits: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Integers from 0 to each limit (exclusive), int64 (n, m).

    ``limits`` (m,) are those of all keys, or (n, m) those of each; they are at most 2^32.
    """
    most = np.asarray(limits).astype(np.uint64)
    drawn = words(keys, most.shape[-1]) >> np.uint64(32)
    return (drawn * most >> np.uint64(32)).astype(np.int64)


def uniform(keys: Keys, count: int) -> Floats32:
    """Uniform numbers from 0 to 1 (exclusive), float32 (n, count), multiples of 2^-24."""
    scaled: Floats32 = (words(keys, count) >> np.uint64(40)).astype(np.float32)
    scaled *= np.float32(2**-24)
    return scaled


def bell(keys: Keys, count: int) -> Floats32:
    """Numbers of mean 0 and variance 1, float32 (n, count): sums of four uniform ones, at most 3.47 from 0.

    Unlike a Gaussian's logarithm or tables, sums of integers are equal on every machine.
    """
    parts = words(keys, count).view(np.uint16).reshape(len(keys), count, 4)
    sums = parts[..., 0].astype(np.int32)
    for i in (1, 2, 3):
        sums += parts[..., i]
    sums -= _BELL_MEAN
    scaled: Floats32 = sums.astype(np.float32)
    scaled *= np.float32(1 / _BELL_STD)
    return scaled


def _mixed(state: Keys) -> Keys:
    state ^= state >> np.uint64(30)
    state *= np.uint64(0xBF58476D1CE4E5B9)
    state ^= state >> np.uint64(27)
    state *= np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return state
