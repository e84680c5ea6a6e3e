"""Errors for names that do not exist: Python's own, followed by what to write, from ``minigrad.habits``.

Nothing here makes a name exist: ``hasattr`` is False, and ``copy`` and ``pickle`` find what they would find.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

from minigrad.habits import ATTRIBUTES, KEYWORDS
from minigrad.registry import functions

__all__ = [
    "KEYWORDS",
    "Absent",
    "attribute",
    "check_keywords",
    "explain_keywords",
    "hint_of",
    "of_module",
]

P = ParamSpec("P")
R = TypeVar("R")


def _words(hint: str) -> str:
    code, _, comment = hint.partition("  # ")
    return f"write {code} ({comment})" if comment else f"write {code}"


def hint_of(kind: str, name: str) -> str:
    """What to write in place of ``name`` of a type or module, or ''."""
    if name in ATTRIBUTES.get(kind, {}):
        return _words(ATTRIBUTES[kind][name])
    if kind == "Tensor" and name in functions:
        return f"write minigrad.ops.{name}(x)"
    if kind == "Tensor" and name.endswith("_") and name.rstrip("_") in functions:
        return "ops change nothing in place; write minigrad.modify(x, function)"
    return ""


def attribute(owner: Any, kind: str, name: str, more: Callable[[str], str] | None = None) -> Any:
    """Look ``owner.name`` up again, for ``__getattr__``: Python's AttributeError with the hint for ``kind``.

    An AttributeError about another name, from within a property, passes unchanged.
    """
    try:
        return object.__getattribute__(owner, name)
    except AttributeError as error:
        hint = hint_of(kind, name) or (more(name) if more is not None else "")
        if not hint or error.name not in (None, name):
            raise
        message = str(error)
    raise AttributeError(f"{message}; {hint}")


class Absent:
    """A name that objects with slots lack: an assignment to it raises with the hint, as reading it does."""

    __slots__ = ("kind", "name")

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, owner: object, kind: type) -> Any:
        label = f"type object {kind.__name__!r}" if owner is None else f"{kind.__name__!r} object"
        raise AttributeError(f"{label} has no attribute {self.name!r}", name=self.name, obj=owner)

    def __set__(self, owner: object, value: Any) -> None:
        hint = hint_of(self.kind, self.name)
        raise AttributeError(f"{type(owner).__name__!r} object has no attribute {self.name!r}; {hint}")


def of_module(module: str, **elsewhere: ModuleType) -> Callable[[str], Any]:
    """The ``__getattr__`` of a module: AttributeError with a hint, also for names of ``elsewhere``."""

    def __getattr__(name: str) -> Any:
        hint = hint_of(module, name)
        for label, holder in elsewhere.items():
            if not hint and name in holder.__all__:
                hint = f"write {label.replace('_', '.')}.{name}"
        message = f"module {module!r} has no attribute {name!r}"
        if hint:
            raise AttributeError(f"{message}; {hint}")
        raise AttributeError(message, name=name, obj=sys.modules[module])

    return __getattr__


def check_keywords(function: str, known: Iterable[str], given: Iterable[str]) -> None:
    """Raise TypeError for a name in ``given`` that is not ``known`` and has a hint."""
    for name in given:
        if name in KEYWORDS and name not in known:
            raise TypeError(f"{function}() got an unexpected keyword argument {name!r}; {KEYWORDS[name]}")


def explain_keywords(function: Callable[P, R]) -> Callable[P, R]:
    """Decorator: a keyword that the function lacks, such as dim=, is a TypeError that says what to write."""
    known = frozenset(inspect.signature(function).parameters)
    name = function.__qualname__.removesuffix(".__init__").rpartition(".")[2]

    @wraps(function)
    def explained(*args: P.args, **kwargs: P.kwargs) -> R:
        if kwargs:
            check_keywords(name, known, kwargs)
        return function(*args, **kwargs)

    return explained
