"""What every module's Philox must do; the modules' tests call it, CUDA's on the emulator."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from minigrad.kernels import reference

ONES, PI_KEY = 2**64 - 1, 0x299F31D0A4093822
KNOWN = {
    (0, 0, 0): (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
    (ONES, ONES, ONES): (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    (PI_KEY, 0x85A308D3243F6A88, 0x0370734413198A2E): (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
}
"""Known answers of philox4x32-10: key, the counter's lower and upper half; four words (Salmon et al. 2011,
the file kat_vectors of Random123).
"""

SHAPES = [(), (0,), (1,), (3, 5), (4,), (7, 300), (9001,)]


def assert_known_words(kernels: ModuleType) -> None:
    """The words of known answers, of which uniform numbers show the upper bits."""
    for numbers, words in KNOWN.items():
        state = np.array(numbers, np.uint64)
        single = kernels.philox_uniform(state.copy(), (4,), np.float32)
        assert [int(value * 2**24) for value in single] == [word >> 8 for word in words]
        double = kernels.philox_uniform(state, (2,), np.float64)
        pairs = words[0] | words[1] << 32, words[2] | words[3] << 32
        assert [int(value * 2**53) for value in double] == [pair >> 11 for pair in pairs]
        counter = (numbers[1] + (numbers[2] << 64) + 1) % 2**128
        assert state.tolist() == [numbers[0], counter % 2**64, counter >> 64]


def assert_equals_reference(kernels: ModuleType, shape: tuple[int, ...], dtype: type) -> None:
    """The same numbers, bit for bit if uniform, from the same state, which counts on past 64 bits."""
    for name in ("philox_uniform", "philox_normal"):
        states = [np.array([12345, 2**64 - 3, 7], np.uint64) for _ in range(2)]
        for _ in range(2):
            expected = getattr(reference, name)(states[0], shape, dtype)
            out = np.full(shape, np.nan, dtype)
            actual = getattr(kernels, name)(states[1], shape, dtype, out=out)
            assert actual is out
            assert expected.shape == shape
            assert expected.dtype == dtype
            if name == "philox_uniform":
                np.testing.assert_array_equal(actual, expected)
            else:
                np.testing.assert_allclose(actual, expected, rtol=0, atol=40 * np.finfo(dtype).eps)
        np.testing.assert_array_equal(*states)


def assert_refuses(kernels: ModuleType) -> None:
    """A state of another dtype or shape, or not contiguous; memory that does not fit, before any count."""
    state = np.zeros(3, np.uint64)
    for wrong in (state[:2], state.astype(np.int64), np.zeros(6, np.uint64)[::2]):
        with pytest.raises(ValueError, match="philox_normal: expected a state of 3"):
            kernels.philox_normal(wrong, (3,), np.float32)
    with pytest.raises(ValueError, match="philox_uniform: expected out="):
        kernels.philox_uniform(state, (3,), np.float32, out=np.empty(3))
    assert state.tolist() == [0, 0, 0]
