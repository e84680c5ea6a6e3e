"""Optimizers in replays: launches that were noted once give what the whole step gives, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import ops, optim
from minigrad.kernels import cpu
from tests.states import flat

SHAPES = [(3, 4), (5,), (), (300, 250)]  # the last is large enough for several threads

Change = Callable[[list[mg.Tensor], Any, int], None]


@cache
def drawn(seed: int, dtypes: tuple[type, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype(dtype) for shape, dtype in zip(SHAPES, dtypes, strict=True)]


def tensors(seed: int, dtypes: list[type]) -> list[mg.Tensor]:
    return [mg.Tensor(array.copy()) for array in drawn(seed, tuple(dtypes))]


def step_of(optimizer: optim.Optimizer) -> Callable[..., None]:
    """A step that takes the gradients from outside, so that no recording depends on the parameters."""

    def step(*gradients: mg.Tensor) -> None:
        optimizer.step([ops.mul(g, 2.0) for g in gradients])

    return step


def ends(
    make: Callable[[list[mg.Tensor]], Any], dtypes: list[type], change: Change, *, captured: bool
) -> dict[str, Any]:
    params = tensors(0, dtypes)
    optimizer = make(params)
    step = mg.capture(step_of(optimizer)) if captured else step_of(optimizer)
    for i in range(12):
        change(params, optimizer, i)
        step(*tensors(i + 1, dtypes))
    assert not captured or step.replays >= 8  # type: ignore[attr-defined]
    return flat([[np.array(p.data) for p in params], optimizer.state_dict()])


def nothing(params: list[mg.Tensor], optimizer: Any, i: int) -> None:
    """The plain run."""


def learning_rate(params: list[mg.Tensor], optimizer: Any, i: int) -> None:
    optimizer.lr = 0.1 / (i + 1)


def weight_decay(params: list[mg.Tensor], optimizer: Any, i: int) -> None:
    optimizer.weight_decay = 0.01 * i


def switches(params: list[mg.Tensor], optimizer: Any, i: int) -> None:
    if isinstance(optimizer, optim.SGD) and "velocity" in optimizer.averages:
        optimizer.momentum = 0.9 if i % 6 < 3 else 0.0
        optimizer.nesterov = i % 6 == 2
    elif isinstance(optimizer, optim.RMSprop):
        optimizer.centered = i % 6 < 4
    elif isinstance(optimizer, optim.AdamW):
        optimizer.param_groups[0]["amsgrad"] = 2 < i < 8
        optimizer.param_groups[1]["maximize"] = i % 6 < 4


def other_arrays(params: list[mg.Tensor], optimizer: Any, i: int) -> None:
    """One lies elsewhere from the sixth call on, and is laid out by columns from the ninth."""
    if i == 5:
        params[1].data = params[1].data.copy()
    if i == 8:
        params[0].data = np.asfortranarray(params[0].data)


def saved_states(params: list[mg.Tensor], optimizer: Any, i: int) -> None:
    if i % 4 == 3:
        optimizer.load_state_dict(optimizer.state_dict())


def larger_program(params: list[mg.Tensor], optimizer: Any, i: int) -> None:
    """Another program needs more memory, so that all programs move."""
    if i == 6:
        grown = mg.capture(lambda x: ops.exp(ops.mul(ops.exp(x), 2.0)))
        for _ in range(3):
            grown(mg.Tensor(np.zeros(2_000_000, np.float32)))


@pytest.mark.parametrize(
    "dtypes", [[np.float32] * 4, [np.float32, np.float64, np.float64, np.float32]], ids=["one", "mixed"]
)
@pytest.mark.parametrize(
    "change",
    [nothing, learning_rate, weight_decay, switches, other_arrays, saved_states, larger_program],
)
@pytest.mark.parametrize(
    "make",
    [
        lambda p: optim.SGD(p, lr=0.1),
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
        lambda p: optim.RMSprop(p, lr=0.01, momentum=0.5, centered=True),
        lambda p: optim.Adam(p, lr=0.01),
        lambda p: optim.AdamW([{"params": p[:1]}, {"params": p[1:], "amsgrad": True}], lr=0.01),
    ],
    ids=["sgd", "momentum", "rmsprop", "adam", "groups"],
)
def test_replays_update_as_the_step_does(
    make: Callable[[list[mg.Tensor]], Any], change: Change, dtypes: list[type], kernels: str
) -> None:
    expected = ends(make, dtypes, change, captured=False)
    assert ends(make, dtypes, change, captured=True) == expected


def test_gradients_that_are_views_are_read_anew() -> None:
    """A kernel copies those that are not contiguous: its launch alone would read the first copy for ever."""
    found = []
    for wrap in (lambda step: step, mg.capture):
        p = mg.tensor(np.ones((3, 4), np.float32))
        optimizer = optim.Adam([p])
        step = wrap(lambda g, optimizer=optimizer: optimizer.step([ops.transpose(g)]))
        for i in range(6):
            step(mg.Tensor(np.random.default_rng(i).normal(size=(4, 3)).astype(np.float32)))
        found.append(p.data.tobytes())
    assert found[0] == found[1]


def test_a_replay_launches_without_the_kernel_s_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    adam_update = cpu.adam_update
    monkeypatch.setattr(cpu, "adam_update", lambda *args: (calls.append(1), adam_update(*args)))
    params = tensors(0, [np.float32] * 4)
    step = mg.capture(step_of(optim.Adam(params)))
    versions = [p.version for p in params]
    for i in range(8):
        step(*tensors(i + 1, [np.float32] * 4))
    assert len(calls) == 3  # two recordings, and the replay that notes
    assert [p.version for p in params] == [version + 8 for version in versions]


def test_a_parameter_that_stays_where_it_is_may_move_later() -> None:
    """It is a view of an array of somebody else's, so that the optimizer did not gather it."""
    found = []
    for wrap in (lambda step: step, mg.capture):
        p = mg.Tensor(np.ones((4, 4), np.float32)[1:])
        optimizer = optim.Adam([p])
        step = wrap(step_of(optimizer))
        for i in range(8):
            if i == 5:
                p.data = p.data.copy()
            step(mg.Tensor(np.random.default_rng(i).normal(size=(3, 4)).astype(np.float32)))
        found.append(p.data.tobytes())
    assert found[0] == found[1]
