"""Tuples, lists and dicts of arguments or results, and the leaves in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def transform(structure: Any, function: Callable[[Any], Any]) -> Any:
    """The same tuples, lists and dicts with ``function`` of everything else in them."""
    if isinstance(structure, dict):
        return {key: transform(value, function) for key, value in structure.items()}
    if isinstance(structure, list):
        return [transform(value, function) for value in structure]
    if isinstance(structure, tuple):
        parts = [transform(value, function) for value in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else tuple(parts)
    return function(structure)


def leaves(structure: Any) -> Iterator[Any]:
    """Everything that is in the tuples, lists and dicts of ``structure``, in order."""
    if isinstance(structure, dict):
        structure = tuple(structure.values())
    if isinstance(structure, list | tuple):
        for value in structure:
            yield from leaves(value)
    else:
        yield structure
