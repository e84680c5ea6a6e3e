"""Random integers, classes and orders: their distributions, exact numbers, captured steps, errors."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn
from minigrad.random import Generator, Philox, categorical, integers, permutation, uniform
from minigrad.random.discrete import _classes, _scaled
from tests.minigrad.captures.steps import same_with_and_without

MAKERS = pytest.mark.parametrize("make", [Philox, np.random.default_rng], ids=["philox", "numpy"])
Maker = Callable[[int], Generator]
LAST = 1 - 2.0**-53
"""The largest uniform number of float64."""


def chi_square(found: np.ndarray[Any, Any], p: np.ndarray[Any, Any]) -> float:
    expected = p * found.sum()
    return float(((found - expected) ** 2 / expected).sum())


# -- distributions -----------------------------------------------------------------------------------------


@MAKERS
def test_integers_are_equally_frequent(make: Maker) -> None:
    y = integers(-3, 7, (100, 200), generator=make(1))
    assert (y.shape, y.dtype, y.device) == ((100, 200), np.int64, "cpu")
    counts = np.bincount(y.numpy().ravel() + 3, minlength=10)
    assert counts.shape == (10,)
    assert chi_square(counts, np.full(10, 0.1)) < 27.9  # the 0.1% point for 9 degrees of freedom


@MAKERS
def test_classes_have_the_softmax_s_probabilities(make: Maker) -> None:
    p = np.array([0.4, 0.0, 0.3, 0.2, 0.1, 0.0])
    with np.errstate(divide="ignore"):
        logits = 5.0 + np.log(np.broadcast_to(p, (20_000, 6)))
    y = categorical(mg.tensor(logits, mg.float32), generator=make(2))
    assert (y.shape, y.dtype) == ((20_000,), np.int64)
    counts = np.bincount(y.numpy(), minlength=6)
    assert counts[[1, 5]].tolist() == [0, 0]
    assert chi_square(counts[p > 0], p[p > 0]) < 16.3  # the 0.1% point for 3 degrees of freedom


@MAKERS
def test_orders_are_equally_frequent(make: Maker) -> None:
    rng = make(3)
    drawn = [tuple(permutation(3, generator=rng).tolist()) for _ in range(1200)]
    counts = np.array([drawn.count(order) for order in itertools.permutations(range(3))])
    assert counts.sum() == 1200
    assert chi_square(counts, np.full(6, 1 / 6)) < 20.5  # the 0.1% point for 5 degrees of freedom


# -- exact numbers -----------------------------------------------------------------------------------------


@given(low=st.integers(-(2**40), 2**40), count=st.integers(1, 2**53), extra=st.floats(0, LAST))
def test_an_integer_is_a_share_of_the_range(low: int, count: int, extra: float) -> None:
    first, last, between = _scaled(np.array([0.0, LAST, extra]), low, count).tolist()
    assert first == low
    assert low <= between <= last <= low + count - 1
    if count <= 2**52:
        assert last == low + count - 1


def test_the_numbers_are_those_of_the_generator() -> None:
    y = integers(2, 9, (3, 2), generator=np.random.default_rng(1))
    assert y.tolist() == np.random.default_rng(1).integers(2, 9, (3, 2)).tolist()
    assert permutation(7, generator=np.random.default_rng(1)).tolist() == (
        np.random.default_rng(1).permutation(7).tolist()
    )
    u = uniform((3, 2), dtype=np.float64, generator=Philox(4)).numpy()
    assert integers(2, 9, (3, 2), generator=Philox(4)).tolist() == np.floor(2 + 7 * u).tolist()
    u = uniform(7, dtype=np.float64, generator=Philox(4)).numpy()
    assert permutation(7, generator=Philox(4)).tolist() == np.argsort(np.argsort(u)).tolist()
    mg.manual_seed(6)
    assert integers(0, 1000).item() == np.random.Generator(np.random.PCG64(6)).integers(0, 1000)


@given(
    p=st.lists(st.sampled_from([0.0, 1e-30, 0.1, 0.5, 1.0, 2.0]), min_size=1, max_size=6).filter(any),
    u=st.one_of(st.sampled_from([0.0, 0.5, LAST]), st.floats(0, LAST)),
    shift=st.sampled_from([-1e5, 0.0, 700.0]),
)
def test_a_class_is_the_first_whose_sum_exceeds_the_share(p: list[float], u: float, shift: float) -> None:
    with np.errstate(divide="ignore"):
        logits = np.log(np.array(p)) + shift
    weights = np.exp(logits - logits.max())
    (chosen,) = _classes(logits[None], np.array([u]), 1).tolist()
    sums = np.cumsum(weights)
    assert chosen == next(k for k, total in enumerate(sums) if total > u * sums[-1])
    assert p[chosen] > 0


def test_classes_lie_along_any_axis() -> None:
    logits = np.random.default_rng(0).normal(size=(2, 5, 3))
    u = uniform((2, 3), dtype=np.float64, generator=Philox(1)).numpy()
    y = categorical(mg.tensor(logits), axis=1, generator=Philox(1)).numpy()
    for i, j in np.ndindex(2, 3):
        alone = _classes(logits[i, :, j], u[i, j], 0)
        assert y[i, j] == alone
    assert categorical(mg.tensor(logits[0, :, 0]), generator=Philox(1)).shape == ()


def test_nothing_is_drawn_of_nothing() -> None:
    assert integers(0, 3, (0, 2)).shape == (0, 2)
    assert categorical(mg.zeros(0, 4)).shape == (0,)
    for n in (0, 1):
        assert permutation(n, generator=Philox(0)).tolist() == permutation(n).tolist() == [*range(n)]


# -- gumbel_softmax ----------------------------------------------------------------------------------------


def test_gumbel_softmax_is_its_formula() -> None:
    logits = np.random.default_rng(0).normal(size=(4, 5))
    u = uniform((4, 5), dtype=np.float64, generator=Philox(1)).numpy()
    for dim in (0, -1):
        weights = np.exp((logits - np.log(-np.log(u))) / 0.5)
        expected = weights / weights.sum(axis=dim, keepdims=True)
        y = nn.functional.gumbel_softmax(mg.tensor(logits), 0.5, dim=dim, generator=Philox(1)).numpy()
        np.testing.assert_allclose(y, expected, rtol=1e-10)
        hard = nn.functional.gumbel_softmax(mg.tensor(logits), 0.5, True, dim=dim, generator=Philox(1))
        np.testing.assert_allclose(hard.numpy(), expected == expected.max(dim, keepdims=True), atol=1e-15)


@pytest.mark.parametrize("tau", [0.5, 2.0])
def test_its_largest_has_the_softmax_s_probabilities(tau: float) -> None:
    p = np.array([0.5, 0.3, 0.15, 0.05])
    logits = mg.tensor(np.log(np.broadcast_to(p, (20_000, 4))), mg.float32)
    y = nn.functional.gumbel_softmax(logits, tau, hard=True, generator=Philox(3))
    assert y.dtype == np.float32
    assert chi_square(y.numpy().round().sum(axis=0), p) < 16.3


def test_its_derivatives_to_second_order_and_those_of_the_hard_one() -> None:
    logits = np.random.default_rng(0).normal(size=(3, 4))

    def f(x: mg.Tensor, hard: bool = False) -> mg.Tensor:
        return nn.functional.gumbel_softmax(x, 0.7, hard, generator=Philox(5))

    assert mg.gradcheck(f, [logits])
    x, g = mg.tensor(logits), mg.tensor(np.random.default_rng(1).normal(size=(3, 4)))
    soft, hard = (mg.grad(f(x, each), [x], grad_output=g)[0].numpy() for each in (False, True))
    np.testing.assert_allclose(hard, soft, rtol=1e-12)
    assert np.abs(soft).max() > 0.01


# -- in captured steps -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "owner"),
    [(np.random.default_rng, "argument"), (Philox, "argument"), (Philox, "closure")],
)
def test_replays_draw_anew(make: Maker, owner: str, kernels: str) -> None:

    draws: list[list[Any]] = []
    for wrap in (lambda step: step, mg.capture):
        rng = make(1)

        def step(logits: mg.Tensor, given: Any) -> Any:
            generator = given if owner == "argument" else rng  # noqa: B023
            return (
                categorical(logits, generator=generator),
                integers(0, 100, 5, generator=generator),
                permutation(4, generator=generator),
                nn.functional.gumbel_softmax(logits, hard=True, generator=generator),
            )

        step = wrap(step)
        logits = mg.tensor(np.random.default_rng(0).normal(size=(4, 6)))
        draws.append([[t.tolist() for t in step(logits, rng)] for _ in range(6)])
        if wrap is mg.capture:
            assert step.replays == 4  # type: ignore[attr-defined]
    assert draws[0] == draws[1]
    assert len({str(each) for each in draws[0]}) == 6


def test_the_process_s_generator_draws_in_replays() -> None:
    def make() -> tuple[Any, Any]:
        return lambda logits: (categorical(logits), integers(0, 9, 3), permutation(5)), list

    captured = same_with_and_without(make, [(mg.tensor(np.zeros((4, 3))),)] * 5)
    assert captured.replays == 3


# -- errors ------------------------------------------------------------------------------------------------


LARGEST = "the largest logit of each distribution must be finite"


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (lambda: integers(3, 3), ValueError, r"expected low < high <= low \+ 2\^53, got low 3 and high 3"),
        (lambda: integers(0, 2**53 + 1), ValueError, "expected low < high"),
        (lambda: integers(0, 2.5), TypeError, "float"),  # type: ignore[arg-type]
        (lambda: integers(0, 2, size=3), TypeError, "the argument is called shape"),  # type: ignore[call-arg]
        (lambda: integers(0, 2, device="tpu"), ValueError, "there is no device 'tpu'"),
        (lambda: permutation(-1), ValueError, "expected n >= 0, got -1"),
        (lambda: categorical(mg.tensor([1, 2])), TypeError, "logits are floats, got int64"),
        (lambda: categorical(mg.tensor(1.0)), ValueError, r"no classes along axis -1 of logits \(\)"),
        (lambda: categorical(mg.zeros(2, 0)), ValueError, r"no classes along axis -1 of logits \(2, 0\)"),
        (lambda: categorical(mg.zeros(2), dim=0), TypeError, "the argument is called axis"),  # type: ignore[call-arg]
        (
            lambda: categorical(mg.tensor([0.0, float("nan")])),
            ValueError,
            "largest logit of each distribution",
        ),
        (
            lambda: categorical(mg.tensor([[0.0], [-np.inf]])),
            ValueError,
            "largest logit of each distribution",
        ),
        (lambda: categorical(mg.tensor([0.0, np.inf])), ValueError, LARGEST),
        (lambda: nn.functional.gumbel_softmax(mg.zeros(2), 0.0), ValueError, "tau must be positive, got 0.0"),
    ],
)
def test_errors(draw: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        draw()


def test_a_replay_finds_logits_that_are_not_finite() -> None:
    step = mg.capture(lambda logits, rng: categorical(logits, generator=rng))
    rng = np.random.default_rng(0)
    for _ in range(3):
        step(mg.zeros(2, 3), rng)
    assert step.replays == 1
    with pytest.raises(ValueError, match=LARGEST):
        step(mg.full((2, 3), float("nan")), rng)
