"""Student's intervals hold the mean as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from gans.intervals import interval, student


def test_an_interval_of_95_percent_holds_the_mean_as_often() -> None:
    rng = np.random.default_rng(0)
    held = [low <= 3.0 <= high for low, high in (interval(list(rng.normal(3, 2, 4))) for _ in range(2_000))]
    assert 0.935 < np.mean(held) < 0.965


@pytest.mark.parametrize(
    ("freedom", "t"), [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (9, 2.2622), (30, 2.0423)]
)
def test_students_table(freedom: int, t: float) -> None:
    assert student(freedom) == pytest.approx(t, abs=1e-4)
