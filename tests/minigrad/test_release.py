"""grad(..., release=True): the same gradients, arrays freed on the way, and an error for a second use."""

from __future__ import annotations

import weakref
from typing import Any

import pytest

import minigrad as mg
from minigrad import Tensor, ops
from tests.minigrad.tensors import numbers


def _chain(x: Tensor) -> Tensor:
    for _ in range(3):
        x = ops.exp(x * 0.25)
    return ops.sum(x)


def test_the_gradients_are_those_of_a_graph_that_stays() -> None:
    x, w = numbers(2.0, 3.0), numbers(0.5, -1.0)
    kept = mg.grad(_chain(x * w), [x, w])
    released = mg.grad(_chain(x * w), [x, w], release=True)
    assert [g.numpy().tolist() for g in released] == [g.numpy().tolist() for g in kept]


def test_a_released_graph_is_not_differentiated_again() -> None:
    x = numbers(2.0)
    h = x * x
    mg.grad(ops.sum(h), [x], release=True)
    for loss in (h, ops.sum(h * 2.0)):
        with pytest.raises(mg.StaleGraphError, match="release=True gave up the graph of what mul made"):
            mg.grad(loss, [x])
    assert mg.grad(ops.sum(h.detach() * x), [x])[0].item() == 4.0
    assert h.numpy().tolist() == [4.0]


def test_only_the_graph_between_output_and_wrt_is_released() -> None:
    x, w = numbers(2.0), numbers(3.0)
    for behind in ([w], None):
        fake = x * x
        mg.grad(ops.sum(fake * w), behind or [fake], release=True)
        assert mg.grad(ops.sum(fake), [x])[0].item() == 4.0


def test_a_graph_of_gradients_may_be_released_but_not_made_of_a_released_one() -> None:
    x = numbers(2.0)
    with pytest.raises(ValueError, match="create_graph=True keeps the graph that release=True gives up"):
        mg.grad(ops.sum(x * x), [x], create_graph=True, release=True)
    (slope,) = mg.grad(ops.sum(x * x * x), [x], create_graph=True)
    assert mg.grad(ops.sum(slope), [x], release=True)[0].item() == 12.0


def test_an_observed_step_keeps_its_graph() -> None:
    x = numbers(2.0)

    def step() -> Tensor:
        loss = ops.sum(x * x)
        mg.grad(loss, [x], release=True)
        return mg.grad(loss, [x])[0]

    assert len(mg.trace(step).walks) == 2


@pytest.mark.parametrize("release", [False, True])
def test_an_activation_is_freed_as_soon_as_its_gradient_is_there(release: bool) -> None:
    freed: list[bool] = []

    @mg.op
    def watched_below(x: Any) -> Any:
        return x + 0.0

    def rule(g: Tensor, y: Tensor, x: Tensor) -> Tensor:
        freed.append(above() is None)
        return g

    watched_below.vjp(x=rule)
    x = numbers(2.0)
    low = ops.exp(watched_below(x))
    high = ops.exp(low)
    above = weakref.ref(high.data)
    loss = ops.sum(high * high)
    del low, high
    mg.grad(loss, [x], release=release)
    assert freed == [release]
