"""States of optimizers, schedules and averages with anything anywhere: loaded, or refused in one line."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from tests.minigrad.optim.cases import run, start, values

GARBAGE: list[Any] = [
    None,
    True,
    -1,
    10**5000,
    float("nan"),
    "x\n" * 200,
    [],
    [None],
    {},
    {"a": [1]},
    np.ones(3),
]


def optimizer_of_one_group() -> Any:
    return optim.SGD(start(np.float32), lr=0.1, momentum=0.9, nesterov=True)


def optimizer_of_groups() -> Any:
    params = start(np.float32)
    return optim.AdamW([{"params": params[:1]}, {"params": params[1:], "amsgrad": True}])


MAKERS: list[Callable[[], Any]] = [
    optimizer_of_one_group,
    optimizer_of_groups,
    lambda: optim.CosineAnnealingLR(optimizer_of_one_group(), 3),
    lambda: optim.StepLR(optimizer_of_groups(), 3),
    lambda: optim.ReduceLROnPlateau(optimizer_of_groups()),
    lambda: optim.EMA(nn.Linear(2, 3)),
]


def places(value: Any) -> Iterator[tuple[Any, ...]]:
    """Where something lies in a state, at any depth: keys and indices."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield (key,)
        yield from ((key, *rest) for rest in places(part))


def forged(state: dict[str, Any], place: tuple[Any, ...], garbage: Any) -> dict[str, Any]:
    changed: Any = copy.deepcopy(state)
    part = changed
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = garbage
    return dict(changed)


def loading(owner: Any, state: dict[str, Any]) -> str:
    """What a ValueError says to the state, "" if it is loaded."""
    try:
        owner.load_state_dict(state)
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("make", MAKERS)
def test_a_forged_state_is_refused_and_changes_nothing_or_is_loaded(make: Callable[[], Any]) -> None:
    owner = make()
    state = owner.state_dict()
    before = repr(state)
    tried = refused = 0
    for place in places(state):
        for garbage in GARBAGE:
            tried += 1
            message = loading(owner, forged(state, place, garbage))
            if message:
                refused += 1
                assert "\n" not in message
                assert len(message) < 400
                assert repr(owner.state_dict()) == before, (place, garbage)
            else:
                repr(owner.state_dict())
                owner.load_state_dict(state)
    assert tried > refused > 0.5 * tried


def test_what_loads_also_steps() -> None:
    optimizer = optimizer_of_groups()
    run(optimizer, range(2), np.float32)
    state, kept = optimizer.state_dict(), values(optimizer.params)
    state["groups"][1]["averages"]["v_max"][0] = np.full((5,), np.nan, np.float32)
    optimizer.load_state_dict(state)
    optimizer.step(
        [mg.Tensor(np.zeros(p.shape, np.float32)) for p in optimizer.params], where=mg.tensor(False)
    )
    assert values(optimizer.params) == kept
