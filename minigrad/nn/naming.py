"""Checks of layers' settings, and errors that name the layer."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from minigrad.nn.module import Module

__all__ = ["named", "sizes_of", "whole"]


@contextmanager
def named(layer: Module) -> Iterator[None]:
    """Within the block a ValueError or TypeError names the layer."""
    try:
        yield
    except (ValueError, TypeError) as error:
        kind = ValueError if isinstance(error, ValueError) else TypeError
        raise kind(f"{layer!r}: {error}") from error


def sizes_of(layer: Module, name: str, value: Any, count: int, least: int) -> tuple[int, ...]:
    """``value``, one integer or ``count`` of them, as a tuple of ``count``, each at least ``least``."""
    sizes = tuple(value) if isinstance(value, Iterable) else (value,) * count
    sizes = tuple(operator.index(size) for size in sizes)
    if len(sizes) != count or min(sizes) < least:
        several = {1: "(l,)", 2: "a pair (h, w)", 4: "four (left, right, top, bottom)"}[count]
        expected = f"an integer >= {least} or {several} of them"
        raise ValueError(f"{type(layer).__name__}: {name} must be {expected}, got {value!r}")
    return sizes


def whole(value: Any) -> Any:
    """``value``, an integer, a sequence of integers or None, with NumPy's integers as Python's."""
    if value is None:
        return None
    return tuple(map(whole, value)) if isinstance(value, Iterable) else operator.index(value)
