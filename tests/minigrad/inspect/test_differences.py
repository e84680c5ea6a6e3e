"""Finite differences of a traced step: right gradients agree, wrong ones do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, ops
from minigrad.inspect import differences_of
from tests.minigrad.inspect.steps import SmallGan


def doubled(penalty: bool) -> SmallGan:
    gan = SmallGan(penalty=penalty)
    for net in gan.names.values():
        net.double()
    gan.optimizers = [mg.optim.Adam(net.parameters(), lr=0.01) for net in gan.names.values()]
    return gan


@pytest.mark.parametrize("penalty", [False, True])
def test_every_gradient_of_a_gan_agrees(penalty: bool) -> None:
    gan = doubled(penalty)
    trace = mg.trace(gan.step, names=gan.names, arrays=True, everything=True)
    assert [walk.extra for walk in trace.walks] == [False] * penalty + [False, True] * 2
    for walk in trace.walks:
        found = list(differences_of(trace, walk))
        assert {d.value for d in found} >= {i for i in walk.wrt if trace.values[i].dtype == "float64"}
        assert max(d.error for d in found) < 1e-6


@pytest.mark.parametrize("most", [None, 0])
def test_a_wrong_rule_is_found(most: int | None) -> None:
    @mg.op
    def halved_by_mistake(x: Any) -> Any:
        return x * x

    halved_by_mistake.vjp(x=lambda g, y, x: g * x)  # it is 2 x g
    w = nn.Parameter(np.array([1.0, -2.0]))
    trace = mg.trace(lambda: mg.grad(ops.sum(halved_by_mistake(w) * 3.0), [w]), names={"w": w}, arrays=True)
    found = list(differences_of(trace, trace.walks[0], most=most))
    errors = {trace.values[d.value].name: d.error for d in found if d.direction == "largest"}
    assert all(d.near == (most == 0) for d in found)
    assert errors["w"] == pytest.approx(0.5)
    assert errors[""] < 1e-9  # what the op made has the right gradient


@pytest.mark.parametrize("most", [None, 0])
def test_a_wrong_sum_is_found(most: int | None) -> None:
    """A gradient that lacks one of two uses, as after a stale activation."""
    w = nn.Parameter(np.array([1.0, -2.0]))
    trace = mg.trace(lambda: mg.grad(ops.sum(w * w), [w]), arrays=True)
    [walk] = trace.walks
    value = trace.values[walk.gradients[walk.wrt[0]]]
    assert value.array is not None
    value.array = value.array / 2
    assert max(d.error for d in differences_of(trace, walk, most=most)) == pytest.approx(0.5)


def test_what_is_constant_to_the_gradient_stays_as_it_was() -> None:
    w = nn.Parameter(np.array([3.0]))

    def step() -> Any:
        with mg.no_grad():
            a = w * 2.0
        return mg.grad(ops.sum(a * w + (w * 5.0).detach() * w), [w])

    trace = mg.trace(step, arrays=True)
    assert trace.result[0].tolist() == [6.0 + 15.0]
    assert max(d.error for d in differences_of(trace, trace.walks[0])) < 1e-9


def test_a_rectifier_is_taken_on_its_own_side() -> None:
    x = nn.Parameter(np.array([1e-9, -1e-9, 1.0]))
    trace = mg.trace(lambda: mg.grad(ops.sum(ops.leaky_relu(x, slope=0.25) * 2.0), [x]), arrays=True)
    found = [d for d in differences_of(trace, trace.walks[0]) if d.value == trace.walks[0].wrt[0]]
    assert len(found) == 2
    assert max(d.error for d in found) < 1e-9


def test_at_most_so_many_values_move_the_output() -> None:
    gan = doubled(penalty=True)
    trace = mg.trace(gan.step, names=gan.names, arrays=True)
    every = list(differences_of(trace, trace.walks[0]))
    some = list(differences_of(trace, trace.walks[0], most=3))
    assert [d.value for d in some] == [d.value for d in every]
    assert [sum(not d.near for d in found) for found in (some, every)] == [6, len(every)]
    assert max(d.error for d in some) < 1e-9
    assert some == list(differences_of(trace, trace.walks[0], most=3))


def test_what_cannot_be_checked_is_refused() -> None:
    w = nn.Parameter([1.0])
    with pytest.raises(ValueError, match="the trace keeps no arrays; trace with arrays=True"):
        list(differences_of(*first(mg.trace(lambda: mg.grad(ops.sum(w * w), [w])))))
    with pytest.raises(ValueError, match="computes in float32; convert modules and data to float64"):
        list(differences_of(*first(mg.trace(lambda: mg.grad(ops.sum(w * w), [w]), arrays=True))))


def test_what_is_added_to_far_larger_numbers_moves_far() -> None:
    w = nn.Parameter(np.array([1e-19, -2e-19]))
    trace = mg.trace(lambda: mg.grad(ops.sum((w + 1.0) * 2.0), [w]), names={"w": w}, arrays=True)
    found = list(differences_of(trace, trace.walks[0], most=0))
    assert all(d.near for d in found)
    assert max(d.error for d in found) < 1e-9


def first(trace: mg.inspect.Trace) -> Any:
    return trace, trace.walks[0]


def drowned(root: Any) -> Any:
    """A step whose loss has too few digits left for the root in it."""
    w = nn.Parameter(np.array([1e-3, 2.0]))
    return mg.trace(lambda: mg.grad(ops.sum(root(w * w)) * 3e-5 + 1e4, [w]), names={"w": w}, arrays=True)


def test_what_the_loss_cannot_tell_is_told_by_the_next_ops() -> None:
    trace = drowned(ops.sqrt)
    found = list(differences_of(trace, trace.walks[0]))
    assert any(d.near for d in found)
    assert max(d.error for d in found) < 1e-8


def test_a_wrong_rule_is_found_where_the_loss_cannot_tell() -> None:
    @mg.op
    def root_by_mistake(x: Any) -> Any:
        return np.sqrt(x)

    root_by_mistake.vjp(x=lambda g, y, x: g / y)  # it is g / (2 y)
    trace = drowned(root_by_mistake)
    [call] = [call for call in trace.calls if call.op == "root_by_mistake"]
    wrong = [d for d in differences_of(trace, trace.walks[0]) if d.error > 1e-6]
    here = [d for d in wrong if d.value == call.inputs[0]]
    assert [(d.direction, d.near) for d in here] == [("largest", True), ("random", True)]
    assert all(d.engine == pytest.approx(2 * d.numeric) for d in here)
    assert here[0].error == pytest.approx(0.5)
    assert call.output not in {d.value for d in wrong}  # its gradient is right
