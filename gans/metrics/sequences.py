"""Figures of generated sequences of tokens: their probability by the oracle, and their variety."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from gans.metrics.checks import Float64Array, IntArray

__all__ = ["Oracle", "distinct", "evaluate_sequences", "self_bleu"]

COMPARED = 1_000
ORDER = 3

_NO_MATCH = 0.1
"""Counted in place of no match at all, so that the geometric mean is not 0."""


class Oracle(Protocol):
    """Sequences with their exact probability, as ``gans.data.SequenceData``."""

    def sample(self, n: int, rng: np.random.Generator) -> IntArray: ...
    def uniform(self, n: int, rng: np.random.Generator) -> IntArray: ...
    def nll(self, tokens: ArrayLike) -> Float64Array: ...


def evaluate_sequences(tokens: ArrayLike, data: Oracle, *, seed: int = 0) -> dict[str, Any]:
    """Every figure of generated sequences (n, length), beside those of new real ones, drawn with ``seed``.

    samples: count n.
    nll: mean negative log-likelihood of the samples by the oracle, nats a token.
    real_nll: the same of n real sequences, which estimates the oracle's entropy: no generator of its variety
        has less.
    random_nll: the same of even random tokens.
    self_bleu, distinct: variety of the first ``compared`` samples, as the functions of these names define it.
    real_self_bleu, real_distinct: the same of as many real sequences.
    compared: the smaller of n and 1,000.

    A low nll with a high self_bleu is a collapse: a generator that repeats the oracle's likeliest sequence
    has the lowest nll of all.

    Raises ValueError if there are fewer than 2 sequences, or the tokens are not the oracle's.
    """
    nll = data.nll(tokens)
    x = _sequences(tokens)
    rng = np.random.default_rng(seed)
    real, random = data.sample(len(x), rng), data.uniform(min(len(x), COMPARED), rng)
    few = min(len(x), COMPARED)
    return {
        "samples": len(x),
        "nll": float(nll.mean()),
        "real_nll": float(data.nll(real).mean()),
        "random_nll": float(data.nll(random).mean()),
        "compared": few,
        "self_bleu": self_bleu(x[:few]),
        "real_self_bleu": self_bleu(real[:few]),
        "distinct": distinct(x[:few]),
        "real_distinct": distinct(real[:few]),
    }


def self_bleu(tokens: ArrayLike, order: int = ORDER) -> float:
    """Mean BLEU of each sequence with all the others as references; from 0, all different, to 1, all equal.

        BLEU = (p_1 ... p_N)^(1/N),   p_k = k-grams that another sequence has as well / k-grams

    tokens (n, length), N is ``order``. A k-gram counts at most as often as one other sequence has it
    (Papineni et al. 2002); a sequence with no match counts 0.1 of one. Zhu et al. 2018 (Texygen). It rises
    with n: compare figures at equal n only.

    Raises ValueError if there are fewer than 2 sequences, or they are shorter than ``order``.
    """
    x = _sequences(tokens, order)
    logs = np.zeros(len(x))
    for k, grams in enumerate(_grams(x, order), 1):
        matches = _matches(grams)
        logs += np.log(np.where(matches > 0, matches, _NO_MATCH) / (x.shape[1] - k + 1))
    return float(np.exp(logs / order).mean())


def distinct(tokens: ArrayLike, order: int = 2) -> float:
    """Different k-grams / all k-grams of the set, k = ``order``; in (0, 1]. Li et al. 2016, distinct-2.

    tokens (n, length). It falls with n: compare figures at equal n only.

    Raises ValueError as ``self_bleu`` does.
    """
    *_, grams = _grams(_sequences(tokens, order), order)
    return (int(grams.max()) + 1) / grams.size


def _sequences(tokens: ArrayLike, order: int = 1) -> IntArray:
    x = np.asarray(tokens)
    if x.ndim != 2 or x.dtype.kind not in "iu" or len(x) < 2 or x.shape[1] < max(order, 1):
        raise ValueError(
            f"two sequences at least of {max(order, 1)} tokens or more, integers (n, length), are needed; "
            f"got {x.dtype} of shape {x.shape}"
        )
    return x.astype(np.int64)


def _grams(x: IntArray, order: int) -> list[IntArray]:
    """The 1-grams, ..., order-grams of each sequence, (n, length - k + 1), each numbered from 0."""
    first = _numbered(x)
    found = [first]
    for k in range(2, order + 1):
        last = first[:, k - 1 :]
        found.append(_numbered(found[-1][:, :-1] * (int(first.max()) + 1) + last))
    return found


def _numbered(values: IntArray) -> IntArray:
    numbers = np.unique(values, return_inverse=True)[1]
    return numbers.reshape(values.shape).astype(np.int64)


def _matches(grams: IntArray) -> Float64Array:
    """How many k-grams of each sequence another one has as well, (n,); see ``self_bleu``."""
    n = len(grams)
    kinds = int(grams.max()) + 1
    keys, counts = np.unique(np.arange(n)[:, None] * kinds + grams, return_counts=True)
    sequence, gram = keys // kinds, keys % kinds
    order = np.lexsort((-counts, gram))  # each gram's counts side by side, the largest first
    sequence, gram, counts = sequence[order], gram[order], counts[order]
    first = np.searchsorted(gram, np.arange(kinds))
    second = np.append(np.where(gram[1:] == gram[:-1], counts[1:], 0), 0)[first]
    others = counts[first][gram]
    others[first] = second
    return np.bincount(sequence, np.minimum(counts, others), minlength=n).astype(np.float64)
