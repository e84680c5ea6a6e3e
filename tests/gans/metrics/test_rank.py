"""Spearman's rank correlation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gans.metrics import rank_correlation, ranks


def test_ranks_share_ties() -> None:
    np.testing.assert_array_equal(ranks([30.0, 10.0, 10.0, 20.0]), [4, 1.5, 1.5, 3])


def test_monotone_curves_correlate_fully() -> None:
    x = np.linspace(0, 5, 20)
    assert rank_correlation(x, np.exp(x)) == 1
    assert rank_correlation(x, -(x**3)) == -1


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=40))
def test_agrees_with_scipy(pairs: list[tuple[int, int]]) -> None:
    stats = pytest.importorskip("scipy.stats")
    x, y = np.array(pairs, dtype=float).T
    if len(set(x)) == 1 or len(set(y)) == 1:
        with pytest.raises(ValueError, match="constant"):
            rank_correlation(x, y)
    else:
        assert rank_correlation(x, y) == pytest.approx(float(stats.spearmanr(x, y).statistic), abs=1e-12)


def test_errors() -> None:
    with pytest.raises(ValueError, match="x has 2 values and y has 3"):
        rank_correlation([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="at least 2"):
        rank_correlation([1.0], [2.0])
