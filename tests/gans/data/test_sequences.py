"""The oracle of sequences: an LSTM whose probabilities sum to 1 and whose samples follow them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from gans.data.sequences import ORACLES, SequenceData, oracle, oracle60, oracle5000

ORACLE_DIGEST = "d0487e95d22d"


def tiny(**sizes: int) -> SequenceData:
    return SequenceData("tiny", **{"vocabulary": 4, "length": 3, "count": 50, "hidden": 5, **sizes})


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def slow_nll(data: SequenceData, tokens: list[int]) -> float:
    """The textbook's LSTM, one number at a time, with the weights of ``data``."""
    embedding, inputs, states, gates, output, bias = data._weights
    size = range(data.hidden)
    h, c, before, total = [0.0 for _ in size], [0.0 for _ in size], 0, 0.0
    for token in tokens:
        x = embedding[before]
        i, f, o, g = (
            [
                gates[k] + sum(x[j] * inputs[j, k] for j in size) + sum(h[j] * states[j, k] for j in size)
                for k in range(gate * data.hidden, (gate + 1) * data.hidden)
            ]
            for gate in range(4)
        )
        c = [sigmoid(f[k]) * c[k] + sigmoid(i[k]) * math.tanh(g[k]) for k in size]
        h = [sigmoid(o[k]) * math.tanh(c[k]) for k in size]
        logits = [bias[v] + sum(h[j] * output[j, v] for j in size) for v in range(data.vocabulary)]
        total += math.log(sum(map(math.exp, logits))) - logits[token]
        before = token
    return total / len(tokens)


def test_the_nll_is_that_of_the_textbooks_lstm() -> None:
    data = tiny()
    sequences = data.sample(5, np.random.default_rng(1))
    expected = [slow_nll(data, row.tolist()) for row in sequences]
    np.testing.assert_allclose(data.nll(sequences), expected, rtol=1e-12)


def test_the_probabilities_of_all_sequences_sum_to_1() -> None:
    data = tiny()
    everything = list(itertools.product(range(4), repeat=3))
    assert np.exp(-3 * data.nll(everything)).sum() == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize(("vocabulary", "length"), [(7, 1), (3, 3), (2, 4), (1, 1), (10, 1)])
def test_samples_follow_the_probabilities(vocabulary: int, length: int) -> None:
    data = tiny(vocabulary=vocabulary, length=length)
    n = 40_000
    everything = np.array(list(itertools.product(range(vocabulary), repeat=length)))
    expected = n * np.exp(-length * data.nll(everything))
    digits = vocabulary ** np.arange(length)[::-1]
    found = np.bincount(data.sample(n, np.random.default_rng(0)) @ digits, minlength=len(everything))
    assert len(found) == len(everything)
    seen = expected > 1
    squares = ((found - expected)[seen] ** 2 / expected[seen]).sum()
    assert squares < seen.sum() + 5 * math.sqrt(2 * seen.sum())


def test_large_sets_are_computed_in_blocks_without_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    data = tiny(vocabulary=30)
    whole = data.sample(100, np.random.default_rng(0))
    nll = data.nll(whole)
    monkeypatch.setattr("gans.data.sequences._BLOCK_ELEMENTS", 200)
    np.testing.assert_array_equal(data.sample(100, np.random.default_rng(0)), whole)
    np.testing.assert_allclose(data.nll(whole), nll, rtol=1e-13)


def test_the_published_set_and_smaller_ones() -> None:
    sets = oracle60(), oracle(), oracle5000()
    assert [(data.vocabulary, data.length, len(data), data.hidden) for data in sets] == [
        (60, 12, 2_000, 32),
        (500, 20, 10_000, 32),
        (5_000, 20, 10_000, 32),
    ]
    assert {make().name for make in ORACLES.values()} == set(ORACLES)


def test_the_set_of_a_seed_is_the_same_anywhere() -> None:
    data = oracle()
    assert data.digest().startswith(ORACLE_DIGEST)
    tokens = data.train()
    assert (tokens.dtype, tokens.shape, data.test().shape) == (np.int64, (10_000, 20), (1_000, 20))
    assert (tokens.min(), tokens.max()) == (0, 499)
    assert len(np.unique(tokens, axis=0)) == 10_000


def test_real_sequences_have_a_lower_nll_than_random_ones_and_unseen_ones_the_same() -> None:
    data = SequenceData("medium", vocabulary=100, count=3_000)
    real, unseen = data.nll(data.train()), data.nll(data.test())
    random = data.nll(data.uniform(1_000, np.random.default_rng(0)))
    error = real.std() * math.sqrt(1 / len(real) + 1 / len(unseen))
    assert abs(real.mean() - unseen.mean()) < 4 * error
    assert real.mean() < math.log(100) < random.mean() - 1


def test_the_parts_of_a_set_and_another_seed() -> None:
    data = tiny()
    assert (data.kind, data.shape, data.classes) == ("sequences", (3,), 0)
    np.testing.assert_array_equal(data.train(np.array([4, 1])), data.train()[[4, 1]])
    np.testing.assert_array_equal(data.train(slice(5)), data.train()[:5])
    data.train()[:] = 9
    assert data.train().max() < 4
    assert data.digest() == tiny().digest()
    assert len({tiny(seed=seed).digest() for seed in range(4)}) == 4


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ([[0.0, 1.0, 2.0]], "integers of shape"),
        ([0, 1, 2], "integers of shape"),
        ([[0, 1]], "integers of shape"),
        ([[0, 1, 4]], "tokens from 0 to 3 needed, got 0 to 4"),
        ([[0, -1, 2]], "tokens from 0 to 3 needed, got -1 to 2"),
    ],
)
def test_what_is_no_sequence_is_refused(tokens: list, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        tiny().nll(tokens)


def test_sizes_below_1_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        tiny(length=0)
