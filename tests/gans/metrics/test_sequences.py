"""Figures of sequences: the oracle's likelihood beside real data's, and variety against slow definitions."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from gans.data.sequences import SequenceData
from gans.metrics import distinct, evaluate_sequences, self_bleu

ORACLE = SequenceData("small", vocabulary=60, length=12, count=400)


def grams(row: list[int], k: int) -> Counter[tuple[int, ...]]:
    return Counter(tuple(row[i : i + k]) for i in range(len(row) - k + 1))


def slow_bleu(rows: list[list[int]], which: int, order: int) -> float:
    """BLEU as Papineni et al. 2002 define it, with the other rows as references."""
    product = 1.0
    for k in range(1, order + 1):
        own = grams(rows[which], k)
        others = [grams(row, k) for i, row in enumerate(rows) if i != which]
        clipped = sum(min(count, max(o[gram] for o in others)) for gram, count in own.items())
        product *= (clipped or 0.1) / sum(own.values())
    return product ** (1 / order)


@pytest.mark.parametrize(("vocabulary", "length", "order"), [(3, 7, 3), (6, 5, 2), (40, 9, 4), (2, 3, 1)])
def test_self_bleu_is_the_mean_of_each_sequences_bleu(vocabulary: int, length: int, order: int) -> None:
    tokens = np.random.default_rng(length).integers(0, vocabulary, (15, length))
    rows = tokens.tolist()
    expected = np.mean([slow_bleu(rows, i, order) for i in range(len(rows))])
    assert self_bleu(tokens, order) == pytest.approx(expected, rel=1e-12)


def test_equal_sequences_have_self_bleu_1_and_disjoint_ones_almost_0() -> None:
    assert self_bleu(np.tile(np.arange(9), (5, 1))) == pytest.approx(1)
    assert self_bleu(np.arange(40).reshape(4, 10)) == pytest.approx((0.1**3 / (10 * 9 * 8)) ** (1 / 3))


def test_distinct_counts_different_grams() -> None:
    tokens = np.array([[1, 2, 1, 2], [1, 2, 3, 1]])
    assert distinct(tokens) == 4 / 6  # 12, 21, 23, 31
    assert distinct(tokens, 1) == 3 / 8
    assert distinct(np.arange(20).reshape(2, 10)) == 1
    large = np.random.default_rng(0).integers(0, 10, (200, 12))
    assert distinct(large, 3) == len({gram for row in large.tolist() for gram in grams(row, 3)}) / 2000


def test_real_random_and_collapsed_sequences_differ_as_they_should() -> None:
    rng = np.random.default_rng(5)
    real = ORACLE.sample(400, rng)
    figures = evaluate_sequences(real, ORACLE)
    spread = ORACLE.nll(real).std() * math.sqrt(2 / 400)
    assert abs(figures["nll"] - figures["real_nll"]) < 4 * spread
    assert figures["self_bleu"] == pytest.approx(figures["real_self_bleu"], abs=0.03)
    assert figures["distinct"] == pytest.approx(figures["real_distinct"], abs=0.03)
    assert figures["samples"] == figures["compared"] == 400

    random = evaluate_sequences(ORACLE.uniform(400, rng), ORACLE)
    assert random["nll"] == pytest.approx(random["random_nll"], abs=0.2)
    assert random["nll"] > random["real_nll"] + 1
    assert random["distinct"] > figures["real_distinct"] + 0.05

    likeliest = real[ORACLE.nll(real).argmin()]
    collapsed = evaluate_sequences(np.tile(likeliest, (400, 1)), ORACLE)
    assert collapsed["nll"] < collapsed["real_nll"] - 0.3
    assert collapsed["self_bleu"] == pytest.approx(1)
    assert collapsed["distinct"] < 0.01


def test_the_first_thousand_are_compared() -> None:
    tokens = ORACLE.sample(1_100, np.random.default_rng(0))
    figures = evaluate_sequences(tokens, ORACLE)
    assert (figures["samples"], figures["compared"]) == (1_100, 1_000)
    assert figures["distinct"] == distinct(tokens[:1_000])
    assert evaluate_sequences(tokens, ORACLE) == figures
    assert evaluate_sequences(tokens, ORACLE, seed=1)["real_nll"] != figures["real_nll"]


@pytest.mark.parametrize("tokens", [[[0.5, 1.0, 2.0]] * 3, [[1, 2, 3]], [1, 2, 3], [[1, 2]] * 3])
def test_too_few_or_short_sequences_are_refused(tokens: list) -> None:
    with pytest.raises(ValueError, match="are needed; got"):
        self_bleu(tokens)


def test_tokens_that_the_oracle_lacks_are_refused() -> None:
    with pytest.raises(ValueError, match="tokens from 0 to 59 needed"):
        evaluate_sequences(np.full((5, 12), 60), ORACLE)
