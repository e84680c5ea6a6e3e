"""capture: CaptureError says why a step cannot be replayed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, ops, optim, tracing
from tests.minigrad.captures.steps import Step, arrays_of, numbers
from tests.states import flat

W, V = numbers(0, 3), numbers(1, 3)
NET = nn.Linear(3, 1)
OUTSIDE = W * 2.0
OPTIMIZER = optim.SGD([mg.tensor([1.0])])


def asks(x: mg.Tensor) -> Any:
    return x if x[0] > 0 else -x


def changes_a_constant(x: mg.Tensor) -> mg.Tensor:
    total = mg.tensor([0.0, 0.0, 0.0])
    mg.modify(total, lambda total, x: np.add(total, x, out=total), x)
    return total


REFUSED: list[tuple[Step, str]] = [
    (lambda x: float(ops.sum(x)), "read as a number"),
    (lambda x: ops.sum(x).item(), "read as a number"),
    (asks, "read as a number"),
    (lambda x: np.asarray(x), "read as an array"),
    (lambda x: x.numpy(), "read as an array"),
    (lambda x: np.from_dlpack(x), "exported by DLPack"),
    (lambda x: mg.Tensor(x.data * 2), r"\.data was used"),
    (lambda x: setattr(W, "data", W._data), r"\.data was assigned"),
    (lambda x: setattr(NET, "count", 1), "Linear.count was assigned"),
    (lambda x: setattr(OPTIMIZER, "lr", 0.5), "the learning rate was set"),
    (lambda x: mg.modify(x, lambda x: x.fill(0)), "changed its argument"),
    (lambda x: mg.grad(ops.sum(OUTSIDE * x), [W]), "that mul had made outside"),
    (lambda x: tracing.call(lambda x: 3.0, x), "returned something else than arrays"),
    (lambda x: np.ones(3), "returned a ndarray"),
    (lambda x: np.float32(1), "returned a float32"),
]


@pytest.mark.parametrize(("step", "message"), REFUSED)
def test_what_a_replay_would_freeze_is_refused(step: Step, message: str) -> None:
    before = flat(arrays_of([W, list(NET.parameters())]))
    with pytest.raises(mg.CaptureError, match=message):
        mg.capture(step)(numbers(1, 3))
    assert flat(arrays_of([W, list(NET.parameters())])) == before


def test_a_change_of_an_argument_that_the_step_finds_by_itself_is_refused() -> None:
    step = mg.capture(lambda x: mg.modify(V, lambda v: v.fill(0)))
    with pytest.raises(mg.CaptureError, match="changed its argument"):
        step(V)


def test_a_change_of_what_the_step_made_of_numbers_is_refused() -> None:
    step = mg.capture(changes_a_constant)
    step(numbers(1, 3))
    with pytest.raises(mg.CaptureError, match="that it had made of numbers"):
        step(mg.tensor([0.0, 0.0, 0.0]))


def test_arrays_and_graphs_are_refused_as_arguments() -> None:
    step = mg.capture(lambda x: x * 2.0)
    with pytest.raises(mg.CaptureError, match=r"argument 0 .* is an array"):
        step(np.ones(3))
    for replays in range(3):
        with pytest.raises(
            mg.CaptureError, match=r"argument 0 was computed by mul.*pass it with \.detach\(\)"
        ):
            step(W * 2.0)
        with pytest.raises(mg.CaptureError, match="argument x was computed by mul"):
            step(x=[W * 2.0])
        step((W * 2.0).detach())
        assert step.replays == max(0, replays - 1)


CHANGED = r"differing\.<locals>.*<lambda>\(\) in one call was"


def differing() -> list[tuple[str, Callable[[int], Step], str]]:
    rng = np.random.default_rng(0)
    return [
        ("a number", lambda i: lambda x: x * float(i), r"mul was given other numbers.*\(0\.0 and 1\.0\)"),
        ("a parameter", lambda i: lambda x: ops.leaky_relu(x, slope=0.1 * i), "leaky_relu.*slope=0.0"),
        (
            "a draw",
            lambda i: lambda x: x + rng.standard_normal(3).astype("f4"),
            "add was given other numbers",
        ),
        ("an op", lambda i: lambda x: x * 2.0 if i else x + 2.0, "add.* in one call was mul"),
        ("more", lambda i: lambda x: x * 2.0 + 1.0 if i else x * 2.0, "add ran in one call alone"),
        ("a result", lambda i: lambda x: (x, i), "returned something else"),
        ("a function's surroundings", lambda i: lambda x: mg.modify(V, lambda v: v.fill(i)), CHANGED),
        ("a function's default", lambda i: lambda x: mg.modify(V, lambda v, i=i: v.fill(i)), CHANGED),
    ]


@pytest.mark.parametrize(
    ("step_of", "message"), [case[1:] for case in differing()], ids=[c[0] for c in differing()]
)
def test_a_second_call_that_does_something_else_is_refused(
    step_of: Callable[[int], Step], message: str
) -> None:
    counter = iter(range(9))
    step = mg.capture(lambda x: step_of(next(counter))(x))
    step(numbers(0, 3))
    with pytest.raises(mg.CaptureError, match=message):
        step(numbers(0, 3))


def test_shapes_that_depend_on_numbers_are_refused_in_the_second_call() -> None:
    step = mg.capture(lambda x: ops.sum(x[x > 0]))
    step(mg.tensor([1.0, -1.0, 2.0]))
    with pytest.raises(mg.CaptureError, match="of another shape"):
        step(mg.tensor([1.0, -1.0, -2.0]))


def test_shapes_that_depend_on_numbers_are_refused_in_the_replay() -> None:
    step = mg.capture(lambda x: ops.sum(x[x > 0]))
    for _ in range(2):
        step(mg.tensor([1.0, -1.0, 2.0]))
    with pytest.raises(mg.CaptureError, match=r"made shape \(1,\).*depends on numbers"):
        step(mg.tensor([1.0, -1.0, -2.0]))
