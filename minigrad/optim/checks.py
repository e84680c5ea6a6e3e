"""The checks of an optimizer's arguments: ranges and names of settings, and the list of parameters."""

from __future__ import annotations

import difflib
import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from typing import Any

import numpy as np

from minigrad.tensor import Tensor

Check = Callable[[str, Any], str]
"""A function of a setting's name and value: what is wrong with the value, or "" if it is right."""


def at_least_zero(name: str, value: Any) -> str:
    """A ``Check`` of a finite number >= 0."""
    return "" if 0 <= _float(value) < math.inf else f"{name} must be a number >= 0, got {brief(value)}"


def below_one(name: str, value: Any) -> str:
    """A ``Check`` of a number in [0, 1)."""
    return "" if 0 <= _float(value) < 1 else f"{name} must lie in [0, 1), got {brief(value)}"


def number(name: str, value: Any) -> str:
    """A ``Check`` of a finite number."""
    return "" if math.isfinite(_float(value)) else f"{name} must be a finite number, got {brief(value)}"


def two_below_one(name: str, value: Any) -> str:
    """A ``Check`` of a tuple or list of two numbers in [0, 1)."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        return f"{name} must be two numbers, got {brief(value)}"
    return below_one(f"{name}[0]", value[0]) or below_one(f"{name}[1]", value[1])


def flag(name: str, value: Any) -> str:
    """A ``Check`` of True or False, as a bool, NumPy's bool or an int."""
    fits = isinstance(value, bool | int | np.bool_) and value in (0, 1)
    return "" if fits else f"{name} must be True or False, got {brief(value)}"


MOST_STEPS = 2**53  # a float64 does not hold every integer above it


def step_count(name: str, value: Any) -> str:
    """A ``Check`` of a number of steps, an integer from 0 to MOST_STEPS."""
    fits = isinstance(value, int) and 0 <= value <= MOST_STEPS
    return "" if fits else f"{name} must be an integer from 0 to 2^53, got {brief(value)}"


def brief(value: object) -> str:
    """A value for the line of an error, cut to 60 characters, since a file may hold anything."""
    try:
        text = repr(value)[1:-1] if isinstance(value, str) else repr(value)
    except ValueError:  # of more digits than Python writes
        text = f"a {type(value).__name__}"
    text = " ".join(text.split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def _float(value: Any) -> float:
    """A number as a float, infinite if it is too large for one; NaN for what is none."""
    if not isinstance(value, Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


_ELSEWHERE = {
    "learning_rate": "write lr=",
    "beta1": "write betas=(beta1, beta2)",
    "beta2": "write betas=(beta1, beta2)",
    "decay": "write weight_decay=, or make a schedule for the learning rate",
    "rho": "write alpha=",
    "foreach": "leave it out: all parameters of a group are updated by one kernel",
    "fused": "leave it out: all parameters of a group are updated by one kernel",
    "capturable": "leave it out: minigrad.capture takes every optimizer",
    "differentiable": "leave it out: no gradient flows through a step",
    "last_epoch": "leave it out: load_state_dict goes on from a saved position",
    "verbose": "leave it out: get_last_lr() gives the present rates",
}


def unknown_setting(name: str, known: Iterable[str]) -> str:
    """The error message for a setting that an optimizer does not have, with the nearest name that it has."""
    names = list(known)
    close = difflib.get_close_matches(name, names, 1)
    instead = f"did you mean {close[0]}?" if close else f"it has {', '.join(names)}"
    return f"there is no setting {name!r}; {_ELSEWHERE.get(name, instead)}"


def check_setting(checks: Mapping[str, Check], label: str, name: str, value: Any) -> None:
    """Raise ValueError for a setting that does not exist or is out of its range."""
    wrong = checks[name](name, value) if name in checks else unknown_setting(name, checks)
    if wrong:
        raise ValueError(f"{label}: {wrong}")


def check_options(kind: type, options: Mapping[str, Any]) -> None:
    """Raise TypeError, with what to write instead, for an option that ``kind`` does not have."""
    parameters = inspect.signature(kind.__init__).parameters  # type: ignore[misc]
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    known = [name for name in parameters if name != "self"]
    for name in options:
        if name not in known:
            raise TypeError(f"{kind.__name__}: {unknown_setting(name, known[1:])}")


def listed(label: str, params: Any) -> list[Any]:
    """``params`` as a list, or TypeError for what cannot be one: a Tensor, a module, a dict."""
    if isinstance(params, Tensor):
        raise TypeError(f"{label}: expected a list of parameters, got one Tensor; write [tensor]")
    kind = type(params).__name__
    if callable(getattr(params, "parameters", None)):
        raise TypeError(f"{label}: expected a list of parameters, got a {kind}; write module.parameters()")
    if isinstance(params, Mapping):
        raise TypeError(
            f"{label}: expected a list of parameters, got a {kind}; write module.parameters(), or a list of "
            'groups: [{"params": [...], "lr": ...}, ...]'
        )
    if not isinstance(params, Iterable) or isinstance(params, str | np.ndarray):
        raise TypeError(f"{label}: expected a list of parameters, got a {kind}; write module.parameters()")
    return list(params)


def check_parameters(label: str, params: list[Any], others: Mapping[int, str]) -> None:
    """Raise unless ``params`` are float Tensors, each named once, of which the optimizer has none already.

    ``others`` are the optimizer's parameters: where each one is, by its ``id``. Raises ValueError for an
    empty list and for a Tensor that is named twice, TypeError for anything but float Tensors.
    """
    if not params:
        raise ValueError(f"{label}: the list of parameters is empty: there is nothing to train")
    seen: dict[int, int] = {}
    for index, p in enumerate(params):
        if not isinstance(p, Tensor) or not p.is_float:
            found = p.dtype if isinstance(p, Tensor) else type(p).__name__
            named = isinstance(p, tuple) and len(p) == 2 and isinstance(p[1], Tensor)
            instead = "; write module.parameters()" if named else ""
            raise TypeError(
                f"{label}: parameter {index} is {found}, expected a float32 or float64 Tensor{instead}"
            )
        if id(p) in seen:
            raise ValueError(
                f"{label}: parameters {seen[id(p)]} and {index} are the same Tensor; name it once"
            )
        if id(p) in others:
            raise ValueError(f"{label}: parameter {index} is {others[id(p)]} already; name it once")
        seen[id(p)] = index
