"""Philox: the reference against known answers and the distributions, cpu against the reference."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from minigrad.kernels import cpu, reference
from tests.minigrad.kernels.random_numbers import (
    SHAPES,
    assert_equals_reference,
    assert_known_words,
    assert_refuses,
)

MODULES = pytest.mark.parametrize("kernels", [reference, cpu], ids=["reference", "cpu"])


@MODULES
def test_words_are_the_known_ones(kernels: ModuleType) -> None:
    assert_known_words(kernels)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cpu_equals_reference(shape: tuple[int, ...], dtype: type) -> None:
    assert_equals_reference(cpu, shape, dtype)


@MODULES
def test_what_does_not_fit_is_refused(kernels: ModuleType) -> None:
    assert_refuses(kernels)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_have_their_distributions(dtype: type) -> None:
    """Kolmogorov's statistic is at most 1.95 / sqrt(n) in 999 of 1000 samples; neighbours are unrelated."""
    stats = pytest.importorskip("scipy.stats")
    state, n = np.array([1, 2, 3], np.uint64), 100_000
    for name, cdf in (("philox_uniform", "uniform"), ("philox_normal", "norm")):
        drawn = getattr(reference, name)(state, (n,), dtype).astype(np.float64)
        assert stats.kstest(drawn, cdf).statistic < 1.95 / np.sqrt(n)
        for lag in (1, 2, 3, 4):
            assert abs(np.corrcoef(drawn[:-lag], drawn[lag:])[0, 1]) < 4 / np.sqrt(n)
    uniform = reference.philox_uniform(state, (n,), dtype)
    assert uniform.min() >= 0
    assert uniform.max() < 1
