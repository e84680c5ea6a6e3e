"""Steps to capture, and what they give plainly and captured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import nn, ops, optim
from tests.states import flat

Step = Callable[..., Any]


def numbers(seed: int, *shape: int) -> mg.Tensor:
    return mg.Tensor(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def network(*layers: nn.Module) -> nn.Sequential:
    mg.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), *layers, nn.Linear(8, 1))


def training_step(net: nn.Module, optimizer: optim.Optimizer) -> Step:
    def step(x: mg.Tensor) -> mg.Tensor:
        loss = ops.mean(ops.square(net(x)))
        optimizer.step(mg.grad(loss, net.parameters()))
        return loss

    return step


def same_with_and_without(
    make: Callable[[], tuple[Step, Callable[[], Any]]], calls: list[tuple[Any, ...]]
) -> Any:
    """Make a step and run it, plainly and captured: results and state are equal. The captured step."""
    ends = []
    for wrap in (lambda step: step, mg.capture):
        mg.manual_seed(7)
        step, state = make()
        step = wrap(step)
        results = [flat(arrays_of(step(*arguments))) for arguments in calls]
        ends.append((results, flat(state()), mg.random.get_state()))
    assert ends[0] == ends[1]
    return step


def arrays_of(result: Any) -> Any:
    if isinstance(result, mg.Tensor):
        return np.array(result.numpy())
    if isinstance(result, dict):
        return {name: arrays_of(value) for name, value in result.items()}
    return [arrays_of(value) for value in result] if isinstance(result, list | tuple) else result
