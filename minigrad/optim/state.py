"""An optimizer's state as a dict, and the checks of one that is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from minigrad.arrays import is_array
from minigrad.devices import to_device
from minigrad.optim.checks import brief, step_count
from minigrad.optim.group import Kind, ParameterGroup
from minigrad.tensor import describe
from minigrad.types import Array

KEYS = {"steps", "hyperparameters", "averages"}


class Saved(NamedTuple):
    """A group's part of a state: averages by the parameters' places in the optimizer."""

    steps: int
    settings: dict[str, Any]
    averages: dict[str, dict[int, Array]]


def state_of(kind: str, groups: Sequence[ParameterGroup]) -> dict[str, Any]:
    """The state of an optimizer of this kind and these groups."""
    states = [
        {
            "steps": group.steps,
            "hyperparameters": dict(group._settings),
            "averages": {
                name: [np.array(to_device(array, "cpu")) for array in arrays]
                for name, arrays in group.averages.items()
            },
        }
        for group in groups
    ]
    return {"name": kind, **states[0]} if len(states) == 1 else {"name": kind, "groups": states}


def read_state(
    label: str, name: str, kind: Kind, groups: Sequence[ParameterGroup], state: Mapping[str, Any]
) -> list[Saved]:
    """Each group's part of a state, for the optimizer of that name; ValueError if it does not fit."""
    found = state.get("name", f"a dict with the keys {sorted(state)}")
    several = set(state) == {"name", "groups"}
    if not (several or set(state) == {"name", *KEYS}) or found != name:
        raise ValueError(f"{label}: expected a state of {name}, got {brief(found)}")
    parts = state["groups"] if several else [{key: state[key] for key in KEYS}]
    if not isinstance(parts, list | tuple) or not all(_is_dict(part, KEYS) for part in parts):
        raise ValueError(f"{label}: expected a list of groups with the keys {sorted(KEYS)}")
    if len(parts) != len(groups):
        raise ValueError(
            f"{label}: expected a state of {len(groups)} parameter groups, got one of {len(parts)}"
        )
    labels = [f"{label}, group {index}" if len(groups) > 1 else label for index in range(len(groups))]
    return [_read(*each, name, kind) for each in zip(labels, groups, parts, strict=True)]


def _read(label: str, group: ParameterGroup, state: Mapping[str, Any], name: str, kind: Kind) -> Saved:
    saved, steps = state["hyperparameters"], state["steps"]
    settings = {**kind.later, **saved} if isinstance(saved, Mapping) else {}
    if set(settings) != set(kind.checks):
        found = sorted(saved) if isinstance(saved, Mapping) else brief(saved)
        raise ValueError(f"{label}: expected the hyper-parameters {sorted(kind.checks)}, got {found}")
    wrong = step_count("steps", steps)
    if wrong:
        raise ValueError(f"{label}: {wrong}")
    kind.check(name, settings)
    needed = [
        average for average, switch in kind.average_switches.items() if switch is None or settings[switch]
    ]
    averages = _read_averages(label, group, needed, kind.average_switches, state["averages"])
    return Saved(steps, settings, averages)


def _length(arrays: object) -> object:
    return len(arrays) if isinstance(arrays, list | tuple) else type(arrays).__name__


def _is_dict(value: object, keys: set[str]) -> bool:
    return isinstance(value, Mapping) and set(value) == keys


def _read_averages(
    label: str,
    group: ParameterGroup,
    needed: Sequence[str],
    known: Mapping[str, Any],
    saved: Any,
) -> dict[str, dict[int, Array]]:
    placed = sorted([pair for part in group.parts for pair in part.placed()], key=lambda pair: pair[0])
    counts = {name: _length(arrays) for name, arrays in saved.items()} if isinstance(saved, Mapping) else {}
    fits = set(needed) <= set(counts) <= set(known)
    if not fits or any(count != len(placed) for count in counts.values()):
        raise ValueError(
            f"{label}: expected the averages {list(needed)} of {len(placed)} parameters, got {brief(counts)}"
        )
    averages: dict[str, dict[int, Array]] = {}
    for name, values in saved.items():
        averages[name] = {}
        for number, ((index, p), value) in enumerate(zip(placed, values, strict=True)):
            array = value if is_array(value) else np.asarray(value)
            if array.shape != p.shape or array.dtype != p.dtype:
                raise ValueError(
                    f"{label}: {name} of parameter {number} is {describe(array)}, "
                    f"the parameter is {describe(p)}"
                )
            averages[name][index] = to_device(array, p.device)
    return averages
