"""Networks in evaluation mode for a block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from minigrad.nn.module import Module
from minigrad.tracing import Changes


@contextmanager
def evaluating(networks: Iterable[Module]) -> Iterator[None]:
    """A block that begins with the networks, and all below them, in evaluation mode; then each has its own.

    It is a part of a picture's latency, so that modes are set without the checks of an assignment.
    """
    before = [(module, module.training) for module in _modules(networks)]
    _set((module, False) for module, _ in before)
    try:
        yield
    finally:
        _set(before)


def _modules(networks: Iterable[Module]) -> Iterable[Module]:
    found: dict[int, Module] = {}
    waiting = list(networks)
    while waiting:
        module = waiting.pop()
        if id(module) not in found:
            found[id(module)] = module
            waiting += [value for value in vars(module).values() if isinstance(value, Module)]
    return found.values()


def _set(modes: Iterable[tuple[Module, bool]]) -> None:
    for module, training in modes:
        if module.training != training:
            vars(module)["training"] = training
            Changes.count += 1
