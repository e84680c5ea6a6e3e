"""Each verdict from numbers on each side of a threshold; none can be written by hand."""

from __future__ import annotations

import pytest

from gans.study.board import Effect, identity, judge

LEAST = Effect(name="gap", words="gap", at_least=0.5)
MOST = Effect(name="gap", words="gap", at_most=0.5)
EXACT = identity("error", "error", 1e-6)

ABOVE, BELOW, ACROSS = [0.9, 1.0, 1.1], [0.1, 0.2, 0.3], [0.1, 0.5, 0.9]


@pytest.mark.parametrize(
    ("effect", "values", "verdict"),
    [
        (LEAST, ABOVE, "supported"),
        (LEAST, BELOW, "refuted"),
        (LEAST, ACROSS, "unclear"),
        (MOST, ABOVE, "refuted"),
        (MOST, BELOW, "supported"),
        (MOST, ACROSS, "unclear"),
        (LEAST, [1.0], "unclear"),
        (LEAST, [0.5, 0.5], "supported"),
        (LEAST, [], "unclear"),
        (EXACT, [1e-7, 1e-9], "supported"),
        (EXACT, [1e-7, 1e-5], "refuted"),
        (EXACT, [1e-7], "supported"),
        (EXACT, [], "unclear"),
    ],
)
def test_the_side_of_the_interval_decides(effect: Effect, values: list[float], verdict: str) -> None:
    assert judge(effect, values).verdict == verdict


def test_the_same_mean_is_clear_or_not_by_its_spread() -> None:
    assert judge(LEAST, [0.99, 1.0, 1.01]).verdict == "supported"
    assert judge(LEAST, [0.0, 1.0, 2.0]).verdict == "unclear"


def test_an_effect_has_one_threshold() -> None:
    for thresholds in ({}, {"at_least": 0.1, "at_most": 0.2}):
        with pytest.raises(ValueError, match="one of at_least and at_most"):
            Effect(name="gap", words="gap", **thresholds)
