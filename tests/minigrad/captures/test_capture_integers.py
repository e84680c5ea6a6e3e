"""capture: labels and tokens as arguments, in every function that takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, ops
from tests.minigrad.captures.integer_steps import CLASSES, VOCABULARY, integer_arguments, run
from tests.minigrad.captures.steps import arrays_of
from tests.states import flat


@pytest.mark.parametrize("make", [mg.random.Philox, np.random.default_rng], ids=["philox", "numpy"])
def test_a_step_of_labels_and_tokens_is_the_step_itself_bit_for_bit(
    make: Callable[[int], Any], kernels: str
) -> None:
    plain, state, _ = run(lambda step: step, make(1), "cpu")
    captured, other, step = run(mg.capture, make(1), "cpu")
    assert step.replays == 4
    assert flat(arrays_of(captured)) == flat(arrays_of(plain))
    assert flat(other) == flat(state)
    *_, named, drawn, labels = captured[-1]
    tokens = integer_arguments(5)[0].numpy()
    assert {t.dtype.name for t in (drawn, labels, *named.values())} == {"int64"}
    assert named["counts"].tolist() == np.bincount(tokens.ravel(), minlength=VOCABULARY).tolist()
    assert sorted(labels.tolist()) == sorted(integer_arguments(5)[1].tolist())
    np.testing.assert_array_equal(drawn.numpy()[:, :2], tokens[:, :2])
    assert len({str(result[3].tolist()) for result in captured}) == len(captured)


FUNCTIONS: dict[str, Callable[[mg.Tensor, mg.Tensor], mg.Tensor]] = {
    "embedding": lambda w, i: ops.embedding(i, w),
    "one_hot": lambda w, i: nn.functional.one_hot(i, CLASSES),
    "cross_entropy": lambda w, i: ops.cross_entropy(w, i),
    "nll_loss": lambda w, i: ops.nll_loss(w, i, ignore_index=1),
    "rows": lambda w, i: w[i],
    "places": lambda w, i: w[mg.arange(4), i],
    "places-of-a-range": lambda w, i: w[1:, i],
    "bools": lambda w, i: ops.where(i > 1, w, 0.0),
    "gradient-of-rows": lambda w, i: mg.grad(ops.sum(ops.square(w[i])), [w])[0],
    "gradient-of-embedding": lambda w, i: mg.grad(ops.sum(ops.square(ops.embedding(i, w, 0))), [w])[0],
    "scatter": lambda w, i: ops.scatter(w, index=i, shape=(4, 4)),
    "argmax": lambda w, i: ops.argmax(w + i.astype(w.dtype), axis=1),
    "arithmetic": lambda w, i: (i * 3 + 1) % 4 - i // 2,
    "sum": lambda w, i: ops.sum(i),
    "stack": lambda w, i: ops.stack([i, i[::-1]]),
    "float": lambda w, i: w * i.astype(np.float32),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_each_function_takes_new_integers_in_a_replay(name: str, dtype: type) -> None:
    w = mg.tensor(np.random.default_rng(0).normal(size=(4, 4)), mg.float32)
    step = mg.capture(FUNCTIONS[name])
    for i in range(5):
        labels = mg.tensor(np.random.default_rng(i).integers(0, CLASSES, 4), dtype)
        expected, found = FUNCTIONS[name](w, labels), step(w, labels)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found.numpy(), expected.numpy())
    assert step.replays == 3


@pytest.mark.parametrize("name", ["embedding", "one_hot", "cross_entropy", "nll_loss"])
@pytest.mark.parametrize("wrong", [-1, 4])
def test_a_replay_finds_an_integer_out_of_range(name: str, wrong: int) -> None:
    w, step = mg.zeros(4, 4), mg.capture(FUNCTIONS[name])
    for _ in range(3):
        step(w, mg.tensor([0, 1, 2, 3]))
    assert step.replays == 1
    with pytest.raises(ValueError, match=rf"must lie in 0\.\.3, got {min(wrong, 0)}\.\.{max(wrong, 2)}"):
        step(w, mg.tensor([0, wrong, 2, 2]))


def test_a_replay_finds_a_row_that_is_not_there() -> None:
    w, step = mg.zeros(4, 4), mg.capture(FUNCTIONS["rows"])
    for _ in range(3):
        step(w, mg.tensor([0, 1, 2, 3]))
    with pytest.raises(IndexError, match="index 4 is out of bounds"):
        step(w, mg.tensor([0, 1, 2, 4]))


def test_other_integers_dtypes_and_lengths_are_recordings_of_their_own() -> None:
    step = mg.capture(lambda i: i + 1)
    for dtype in (np.int64, np.int32):
        for n in (2, 3):
            for _ in range(3):
                assert step(mg.tensor(np.arange(n), dtype)).dtype == dtype
    assert step.replays == 4
