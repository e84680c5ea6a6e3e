"""Compares two runs of a step: what differs between them would be frozen in a replay."""

from __future__ import annotations

from types import FunctionType
from typing import Any, NoReturn

import numpy as np

from minigrad.arrays import address_of, on_gpu
from minigrad.captures.structures import leaves, transform
from minigrad.captures.trace import External, Line, Trace
from minigrad.tensor import describe
from minigrad.tracing import CaptureError
from minigrad.types import Array

CURE = (
    "a replay would repeat the recording's. Pass it as a Tensor argument, draw it by minigrad.random.uniform "
    "or normal, or take what depends on Python's values out of the captured step"
)


def check_same(first: Trace, second: Trace) -> None:
    """Raise CaptureError, which names the first difference, unless both runs did the same."""
    if first.changed_what_is_gone:
        raise CaptureError(
            "a captured step changed a Tensor in place that it had made of numbers, and a replay would find "
            "it changed; make it by ops, or outside the step"
        )
    for number, (a, b) in enumerate(zip(first.lines, second.lines, strict=False)):
        if _comparable(a) != _comparable(b):
            _refuse(number, f"{_text(a)} in one call was {_text(b)} in the next")
        for name in leaves((a.args, a.params)):
            if isinstance(name, External) and not _equal(
                first.externals[name.index], second.externals[name.index]
            ):
                values = _values(first.externals[name.index], second.externals[name.index])
                _refuse(number, f"{a.name} was given other numbers in the next call{values}")
    if len(first.lines) != len(second.lines):
        longer = max(first, second, key=lambda trace: len(trace.lines))
        number = min(len(first.lines), len(second.lines))
        _refuse(number, f"{longer.lines[number].name} ran in one call alone")
    if first.slots != second.slots or first.results != second.results:
        raise CaptureError(
            f"a captured step returned something else, or of another shape, in its next call; {CURE}"
        )


def _comparable(line: Line) -> Any:
    """The line with each function as its code and closure: a lambda is another object in every run."""
    parts = (line.function, line.args, line.params, line.results, line.pure, line.fills, line.checks)
    return transform(parts, _by_content)


def _by_content(value: Any) -> Any:
    if isinstance(value, FunctionType):
        cells = tuple(_by_content(cell.cell_contents) for cell in value.__closure__ or ())
        return value.__code__, value.__defaults__, cells
    return value


def _equal(a: Array, b: Array) -> bool:
    """The same array, the same view of the same memory, or the same numbers."""
    if a.shape != b.shape or a.dtype != b.dtype or type(a) is not type(b):
        return False
    if address_of(a) == address_of(b) and a.strides == b.strides:
        return True
    if not on_gpu(a):
        return bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))
    return bool(((a == b) | ((a != a) & (b != b))).all())


def _refuse(number: int, difference: str) -> NoReturn:
    raise CaptureError(
        f"a captured step must do the same in every call: {difference} (line {number}); {CURE}"
    )


def _values(a: Array, b: Array) -> str:
    return f" ({a} and {b})" if a.size == b.size == 1 else f" ({describe(a)})"


def _text(line: Line) -> str:
    settings = ", ".join(f"{name}={value!r}" for name, value in line.params.items())
    return f"{line.name}({settings})"
