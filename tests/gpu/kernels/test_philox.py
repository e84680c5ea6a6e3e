"""Philox: the kernels, emulated and on a device, against known answers and the reference."""

from __future__ import annotations

import numpy as np
import pytest

from tests.gpu.kernels.numpy_calls import cuda
from tests.minigrad.kernels.random_numbers import (
    SHAPES,
    assert_equals_reference,
    assert_known_words,
    assert_refuses,
)

pytestmark = pytest.mark.usefixtures("launched")


def test_words_are_the_known_ones() -> None:
    assert_known_words(cuda)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kernels_equal_reference(shape: tuple[int, ...], dtype: type) -> None:
    assert_equals_reference(cuda, shape, dtype)


def test_unaligned_memory_is_filled() -> None:
    state, memory = np.zeros(3, np.uint64), np.zeros(10, np.float32)
    cuda.philox_uniform(state.copy(), (9,), np.float32, out=memory[1:])
    assert memory[1:].tobytes() == cuda.philox_uniform(state, (9,), np.float32).tobytes()


def test_what_does_not_fit_is_refused() -> None:
    assert_refuses(cuda)
