"""Networks in evaluation mode for a block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from minigrad.nn.module import Module
from minigrad.tracing import Changes

Modes = list[tuple[dict[str, Any], bool]]
"""The attributes of modules, each with a mode."""


class Evaluation:
    """Puts networks into evaluation mode for a block, which is a part of a picture's latency.

    Modes are set without the checks of an assignment, and the modules found once until an attribute changes.
    """

    def __init__(self) -> None:
        self._networks: list[Module] = []
        self._found: list[dict[str, Any]] = []
        self._changes = -1

    @contextmanager
    def of(self, networks: Iterable[Module]) -> Iterator[None]:
        """A block that begins with the networks, and all below, in evaluation mode; then each has its own."""
        own = list(networks)
        if self._changes != Changes.count or own != self._networks:
            self._networks, self._found = own, _attributes(own)
        before = [(attributes, attributes["training"]) for attributes in self._found]
        _set([(attributes, False) for attributes, _ in before])
        began = Changes.count
        try:
            yield
        finally:
            alone = Changes.count == began
            _set(before)
            self._changes = Changes.count if alone else -1


def _attributes(networks: list[Module]) -> list[dict[str, Any]]:
    """The attributes of each module, once."""
    found: dict[int, dict[str, Any]] = {}
    waiting = list(networks)
    while waiting:
        module = waiting.pop()
        if id(module) not in found:
            found[id(module)] = vars(module)
            waiting += [value for value in vars(module).values() if isinstance(value, Module)]
    return list(found.values())


def _set(modes: Modes) -> None:
    for attributes, training in modes:
        if attributes["training"] is not training:
            attributes["training"] = training
            Changes.count += 1
