"""Names for what a trace met: modules by the names that are given, parameters as in ``state_dict``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minigrad.inspect.observer import Observer
from minigrad.tensor import Tensor

__all__ = ["name_all"]


def name_all(observer: Observer, given: Mapping[str, Any]) -> None:
    """Name the visits, and the values that are parameters, or are given by name.

    Raises TypeError for a name of something else than a module or a Tensor.
    """
    paths: dict[int, str] = {}
    tensors: dict[int, str] = {}
    for name, thing in given.items():
        if isinstance(thing, Tensor):
            tensors[id(thing)] = name
        elif hasattr(thing, "named_modules"):
            _name_parts(name, thing, paths, tensors)
        else:
            raise TypeError(
                f"trace: names[{name!r}] is a {type(thing).__name__}, expected a module or Tensor"
            )
    for visit, modules in zip(observer.visits, observer.modules, strict=True):
        if visit.parent is None and id(modules[0]) not in paths:
            _name_parts(_unused(visit.kinds[0].lower(), paths), modules[0], paths, tensors)
        visit.path = _joined([paths.get(id(m), type(m).__name__.lower()) for m in modules])
    for value, tensor in zip(observer.values, observer.tensors, strict=True):
        value.name = tensors.get(id(tensor), value.name)


def _name_parts(name: str, module: Any, paths: dict[int, str], tensors: dict[int, str]) -> None:
    for path, part in module.named_modules(name):
        paths.setdefault(id(part), path)
    for path, parameter in module.named_parameters(name):
        tensors.setdefault(id(parameter), path)


def _unused(name: str, paths: dict[int, str]) -> str:
    taken = set(paths.values())
    number = 2
    unused = name
    while unused in taken:
        unused, number = f"{name}{number}", number + 1
    return unused


def _joined(paths: list[str]) -> str:
    """One path for neighbours that run as one function: ``main.0-2`` of main.0, main.1 and main.2."""
    first, last = paths[0], paths[-1]
    return first if len(paths) == 1 else f"{first}-{last.rpartition('.')[2]}"
