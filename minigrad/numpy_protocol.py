"""NumPy's functions of Tensors: ops compute them, so that gradients flow; the rest is a TypeError.

>>> import numpy as np
>>> from minigrad.autograd import grad
>>> from minigrad.creation import tensor
>>> x = tensor([1.0, 2.0])
>>> [g.numpy().tolist() for g in grad(np.sum(np.square(x)), [x])]
[[2.0, 4.0]]
>>> np.median(x)
Traceback (most recent call last):
TypeError: np.median does not take Tensors: no op computes it, and an array would lose the gradient; ...

``numpy_table`` says which op it is. What NumPy does by itself reads a Tensor's numbers, and no gradient
flows: conversions (``np.asarray(t)``, ``np.array``, ``np.full``, ``np.r_``) and an array's methods
(``array.dot(t)``, ``array[...] = t``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from minigrad.numpy_table import FUNCTIONS, HINTS, READS, REDUCED, UFUNCS, Row
from minigrad.tensor import Tensor, numpy_calls

NO_VALUE = vars(np)["_NoValue"]
"""What NumPy passes for an argument that its caller does not give."""


def call_ufunc(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """NumPy's protocol for a Tensor among the ``inputs`` or the ``out`` of a ufunc."""
    name = ufunc.__name__
    if method != "__call__":
        op = REDUCED.get(name) if method == "reduce" else None
        op = "cumsum" if (name, method) == ("add", "accumulate") else op
        _refuse(f"{name}.{method}", f"use ops.{op}" if op else None)
    if "out" in options:
        _refuse(
            name,
            "an array that holds the result would lose the gradient; give the result a name, as in "
            "y = array + t for array += t",
            "out=",
        )
    if options:
        _refuse(
            name, "the op has no such argument; leave it out, or use where() and astype()", _named(options)
        )
    compute = UFUNCS.get(ufunc)
    return _refuse(name) if compute is None else compute(*inputs)


def call_function(function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """NumPy's protocol for a Tensor among the arguments of any other function."""
    if function in READS:
        return function(*[_read(x) for x in args], **{name: _read(x) for name, x in options.items()})
    row = FUNCTIONS.get(function)
    name = f"{function.__module__}.{function.__name__}".removeprefix("numpy.")
    return _refuse(name) if row is None else _compute(name, row, args, options)


def _compute(name: str, row: Row, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    first, _, rest = row.parameters.partition(";")
    by_position, by_name = first.split(), rest.split()
    if by_position == ["*"]:
        given, named = list(args), dict(options)
    else:
        names = [*by_position, *(parameter.lstrip("-").partition("=")[0] for parameter in by_name)]
        if len(args) > len(names):
            raise TypeError(f"np.{name} takes at most {len(names)} arguments, got {len(args)}")
        named = {**dict(zip(names, args, strict=False)), **options}
        if not named.keys() >= set(by_position):
            _refuse(name, f"the op takes {', '.join(by_position)}", "fewer arguments")
        given = [named.pop(parameter) for parameter in by_position]
    for parameter in by_name:
        refused, (word, _, default) = parameter.startswith("-"), parameter.lstrip("-").partition("=")
        value = named.get(word, NO_VALUE)
        if refused or value is NO_VALUE:
            named.pop(word, None)
        if refused and not (value is None or value is NO_VALUE or str(value) == default):
            _refuse(name, "the op has no such argument; leave it out", f"{word}=")
    return row.compute(*given, **named)


def _read(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(map(_read, value))
    return np.asarray(value) if isinstance(value, Tensor) else value


def _named(options: dict[str, Any]) -> str:
    return ", ".join(f"{name}=" for name in options)


def _refuse(name: str, instead: str | None = None, what: str = "") -> NoReturn:
    """Raise a TypeError that says what to write."""
    short = name.rpartition(".")[2]
    if instead is None and short in HINTS:
        instead = f"use {HINTS[short]}"
    if instead is None:
        instead = (
            "no op computes it, and an array would lose the gradient; compose it of minigrad.ops, or read "
            f"the numbers first, as in np.{name}(np.asarray(t))"
        )
    with_what = f" with {what}" if what else ""
    raise TypeError(f"np.{name}{with_what} does not take Tensors: {instead}")


numpy_calls.update(ufunc=call_ufunc, function=call_function)
