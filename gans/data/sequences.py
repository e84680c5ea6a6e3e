"""Sequences from an oracle, a fixed random LSTM that gives each sequence an exact probability."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["ORACLES", "SequenceData", "oracle", "oracle60", "oracle5000"]

Floats = npt.NDArray[np.float64]
Tokens = npt.NDArray[np.int64]
Indices = npt.NDArray[np.integer] | slice | None

_BLOCK_ELEMENTS = 1 << 21
"""Logits held at once (16 MiB): few products, each of which waits for BLAS's threads; memory is bounded."""

_WEIGHTS, _TRAIN, _TEST = range(3)


class _Weights(NamedTuple):
    """The oracle's weights: embeddings (V, e), gates (e, 4h), (h, 4h), (4h,), logits (h, V), (V,)."""

    embedding: Floats
    inputs: Floats
    states: Floats
    gates: Floats
    output: Floats
    bias: Floats


@dataclass(frozen=True, eq=False)
class SequenceData:
    """Token sequences that an LSTM with N(0, 1) weights draws: p(t_1..t_L) = prod_k softmax(h_k W + b)[t_k].

    h_k is the LSTM's output after the tokens before t_k; token 0 stands before the first. Tokens are int64
    from 0 to ``vocabulary`` - 1; every sequence has ``length`` of them. ``count`` sequences are for training,
    and a tenth as many for testing. Yu et al. 2017 (SeqGAN), section 5.1; the weights are those of ``seed``,
    not the authors'.

    Everything is computed in float64 from ``seed``, so that another machine's rounding changes a token with a
    probability below 1e-12: sets of one seed are equal wherever NumPy's generators draw equal numbers.

    >>> data = SequenceData("tiny", vocabulary=20, length=5, count=100)
    >>> data.train(slice(3)).shape
    (3, 5)
    >>> bool(data.nll(data.train()).mean() < data.nll(data.uniform(100, np.random.default_rng(0))).mean())
    True
    """

    name: str
    vocabulary: int = 500
    length: int = 20
    count: int = 10_000
    hidden: int = 32
    seed: int = 0

    kind: ClassVar[Literal["sequences"]] = "sequences"
    classes: ClassVar[int] = 0
    source_shape: ClassVar[None] = None

    def __post_init__(self) -> None:
        if min(self.vocabulary, self.length, self.count, self.hidden) < 1:
            raise ValueError(f"sizes of {self.name} must be at least 1, got {self}")

    @property
    def shape(self) -> tuple[int]:
        """Shape (length,) of one sequence."""
        return (self.length,)

    def __len__(self) -> int:
        return self.count

    def train(self, indices: Indices = None) -> Tokens:
        """Training sequences, int64 (n, length); all of them if no indices are given."""
        return self._train.copy() if indices is None else self._train[indices].copy()

    def test(self, indices: Indices = None) -> Tokens:
        """Sequences that no training sees, as ``train`` gives those of training."""
        return self._test.copy() if indices is None else self._test[indices].copy()

    def sample(self, n: int, rng: np.random.Generator) -> Tokens:
        """``n`` new sequences of the oracle, int64 (n, length)."""
        drawn = rng.random((n, self.length))
        tokens = np.zeros((n, self.length), dtype=np.int64)
        for position, outputs in enumerate(self._outputs(tokens)):
            for rows in self._blocks(n):
                logits = self._logits(outputs[rows])
                tokens[rows, position] = _chosen(np.exp(logits, out=logits), drawn[rows, position])
        return tokens

    def uniform(self, n: int, rng: np.random.Generator) -> Tokens:
        """``n`` sequences of even random tokens, int64 (n, length): the worst that a generator makes."""
        return rng.integers(0, self.vocabulary, (n, self.length), dtype=np.int64)

    def nll(self, tokens: npt.ArrayLike) -> Floats:
        """-(1/L) sum_k log p(t_k | t_1..t_(k-1)) of each sequence (n, L) by the oracle: nats a token, (n,).

        Its mean over a generator's samples is Yu et al. 2017's NLL_oracle (section 5.1), divided by L.

        Raises ValueError if tokens are not integers of shape (n, length) from 0 to vocabulary - 1.
        """
        checked = self._checked(np.asarray(tokens))
        total = np.zeros(len(checked))
        for position, outputs in enumerate(self._outputs(checked)):
            for rows in self._blocks(len(checked)):
                logits = self._logits(outputs[rows])
                chosen = np.take_along_axis(logits, checked[rows, position, None], axis=1)[:, 0]
                total[rows] -= chosen - np.log(np.exp(logits, out=logits).sum(axis=1))
        total /= self.length
        return total

    def digest(self) -> str:
        """SHA-256 of the sizes and the training sequences, to recognise the same set in another run."""
        digest = hashlib.sha256(f"{self.vocabulary} {self.hidden} {self._train.shape}".encode())
        digest.update(self._train.astype("<i8").tobytes())
        return digest.hexdigest()

    @cached_property
    def _weights(self) -> _Weights:
        v, h = self.vocabulary, self.hidden
        shapes = ((v, h), (h, 4 * h), (h, 4 * h), (4 * h,), (h, v), (v,))
        rng = np.random.default_rng([self.seed, _WEIGHTS])
        return _Weights(*(rng.standard_normal(shape) for shape in shapes))

    @cached_property
    def _train(self) -> Tokens:
        return self.sample(self.count, np.random.default_rng([self.seed, _TRAIN]))

    @cached_property
    def _test(self) -> Tokens:
        return self.sample(max(1, self.count // 10), np.random.default_rng([self.seed, _TEST]))

    def _outputs(self, tokens: Tokens) -> Iterator[Floats]:
        """The LSTM's outputs (n, h) before each position, from the tokens that then stand before it.

        c = sigmoid(f) c + sigmoid(i) tanh(g), h = sigmoid(o) tanh(c); i, f, o, g = x W + h U + b.
        """
        weights = self._weights
        size = self.hidden
        from_tokens = weights.embedding @ weights.inputs + weights.gates  # (V, 4h)
        output, cell = np.zeros((2, len(tokens), size))
        previous = np.zeros(len(tokens), dtype=np.int64)
        for position in range(self.length):
            gates = from_tokens[previous]
            gates += output @ weights.states
            opened = 1 / (1 + np.exp(-gates[:, : 3 * size]))
            cell *= opened[:, size : 2 * size]
            cell += opened[:, :size] * np.tanh(gates[:, 3 * size :])
            output = opened[:, 2 * size :] * np.tanh(cell)
            yield output
            previous = tokens[:, position]

    def _logits(self, outputs: Floats) -> Floats:
        """(n, h) -> (n, V); exp of them is finite, since they are sums of ``hidden`` numbers of order 1."""
        logits: Floats = outputs @ self._weights.output
        logits += self._weights.bias
        return logits

    def _blocks(self, n: int) -> Iterator[slice]:
        step = max(1, _BLOCK_ELEMENTS // self.vocabulary)
        return (slice(start, start + step) for start in range(0, n, step))

    def _checked(self, tokens: npt.NDArray[np.integer]) -> Tokens:
        if tokens.ndim != 2 or tokens.shape[1] != self.length or tokens.dtype.kind not in "iu":
            raise ValueError(
                f"{self.name}: integers of shape (n, {self.length}) needed, "
                f"got {tokens.dtype} of shape {tokens.shape}"
            )
        if len(tokens) and not 0 <= tokens.min() <= tokens.max() < self.vocabulary:
            raise ValueError(
                f"{self.name}: tokens from 0 to {self.vocabulary - 1} needed, "
                f"got {tokens.min()} to {tokens.max()}"
            )
        return tokens.astype(np.int64, copy=False)


def _chosen(weights: Floats, drawn: Floats) -> Tokens:
    """Indices (n,) with probabilities proportional to weights (n, V); ``drawn`` (n,) is uniform on [0, 1).

    The index is the number of prefix sums that are at most drawn * total: first those of some sqrt(V) groups,
    then those within the group that is found.
    """
    n, size = weights.shape
    width = math.isqrt(size)
    starts = np.arange(0, size, width)
    groups = np.cumsum(np.add.reduceat(weights, starts, axis=1), axis=1)
    wanted = drawn * groups[:, -1]
    group = np.count_nonzero(groups[:, :-1] <= wanted[:, None], axis=1)
    rows = np.arange(n)
    wanted -= np.where(group > 0, groups[rows, group - 1], 0.0)
    columns = np.minimum(starts[group][:, None] + np.arange(width), size)  # beyond the last: no weight
    padded = np.where(columns < size, weights[rows[:, None], np.minimum(columns, size - 1)], 0.0)
    within = np.count_nonzero(np.cumsum(padded, axis=1)[:, :-1] <= wanted[:, None], axis=1)
    found: Tokens = np.minimum(starts[group] + within, size - 1)
    return found


def oracle() -> SequenceData:
    """500 tokens, 10,000 sequences of 20: the published set with a tenth of its vocabulary."""
    return SequenceData("oracle")


def oracle60() -> SequenceData:
    """60 tokens, 2,000 sequences of 12: so few that SeqGAN's rewards teach G within a minute or two."""
    return SequenceData("oracle60", vocabulary=60, length=12, count=2_000)


def oracle5000() -> SequenceData:
    """5,000 tokens, 10,000 sequences of 20: the sizes of Yu et al. 2017, section 5.1."""
    return SequenceData("oracle5000", vocabulary=5_000)


ORACLES: dict[str, Callable[[], SequenceData]] = {
    "oracle": oracle,
    "oracle60": oracle60,
    "oracle5000": oracle5000,
}
"""Every set of sequences by the name that ``load`` takes."""
