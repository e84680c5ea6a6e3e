"""Where gradients stop, and why: one step for each reason, and what each parameter gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import minigrad as mg
from minigrad import nn, ops
from minigrad.inspect import reach_of, stops_of
from tests.minigrad.inspect.steps import SmallGan

W = nn.Parameter([2.0])
V = nn.Parameter([3.0])
NAMES = {"W": W, "V": V}


def no_grad() -> Any:
    with mg.no_grad():
        fake = W * 2.0
    return mg.grad(ops.sum(fake * V), [V])


def detach() -> Any:
    return mg.grad(ops.sum((W * 2.0).detach() * V), [V])


def not_asked_for() -> Any:
    return mg.grad(ops.sum(W * 2.0 * V), [V])


def zero_rule() -> Any:
    gated = mg.registry.registry["leaky_gate"](V, W, slope=0.0)
    return mg.grad(ops.sum(gated * W), [V, W])


def dead() -> Any:
    return mg.grad(ops.sum(ops.relu(W * -1.0)), [W])


@pytest.mark.parametrize("step", [no_grad, detach, not_asked_for, zero_rule, dead])
def test_a_stop_has_its_reason(step: Callable[[], Any]) -> None:
    trace = mg.trace(step, names=NAMES)
    stops = stops_of(trace, trace.walks[-1])
    assert [stop.reason for stop in stops] == [
        step.__name__.replace("not_asked_for", "not asked for").replace("zero_rule", "zero rule")
    ]
    assert stops[0].words


def test_a_gradient_that_arrives_everywhere_stops_nowhere() -> None:
    trace = mg.trace(lambda x: mg.grad(ops.sum(W * x * V), [W, V]), mg.tensor([1.0]), names=NAMES)
    assert stops_of(trace, trace.walks[0]) == []


def test_integers_take_no_gradient() -> None:
    def step() -> Any:
        order = ops.astype(W * 2.0, dtype="int64")
        return mg.grad(ops.sum(V * order), [V])

    trace = mg.trace(step, names=NAMES)
    assert "integers" in [stop.reason for stop in stops_of(trace, trace.walks[0])]


@pytest.mark.parametrize("penalty", [False, True])
def test_the_two_steps_of_a_gan_reach_their_own_networks(penalty: bool) -> None:
    gan = SmallGan(penalty=penalty)
    trace = mg.trace(gan.step, names=gan.names)
    *first, for_d, for_g = trace.walks
    reach = {trace.values[i].name: words for i, words in reach_of(trace, for_d).items()}
    assert {words for name, words in reach.items() if name.startswith("D.")} == {"gets a gradient"}
    assert {words for name, words in reach.items() if name.startswith("G.")} == {"never reached"}
    reach = {trace.values[i].name: words for i, words in reach_of(trace, for_g).items()}
    assert {words for name, words in reach.items() if name.startswith("D.")} == {"would get one"}
    assert {words for name, words in reach.items() if name.startswith("G.")} == {"gets a gradient"}
    reasons = {stop.reason for stop in stops_of(trace, for_d)}
    assert "no_grad" in reasons
    assert len(first) == penalty
    for walk in first:
        assert set(reach_of(trace, walk).values()) == {"would get one", "never reached"}
        assert {stop.reason for stop in stops_of(trace, walk)} == {"not asked for"}
