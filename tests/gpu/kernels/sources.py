"""Every source of the package."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter

from minigrad.kernels import cuda
from minigrad.kernels.cuda.runtime.loading import Source


def sources() -> dict[str, Source]:
    """Each by a name of its own: its file's, and what not all have that are made of that file."""
    names = [module.name for module in pkgutil.walk_packages(cuda.__path__, f"{cuda.__name__}.")]
    values = [value for name in names for value in vars(importlib.import_module(name)).values()]
    several = [value for value in values if isinstance(value, list)]
    held = {value for value in (*values, *(v for each in several for v in each)) if isinstance(value, Source)}
    by_file = {name: [source for source in held if source.name == name] for name in {s.name for s in held}}
    named = {_name(source, siblings): source for siblings in by_file.values() for source in siblings}
    return dict(sorted(named.items()))


def _name(source: Source, siblings: list[Source]) -> str:
    counts = Counter(word for sibling in siblings for word in _words(sibling))
    return " ".join([source.name, *(word for word in _words(source) if counts[word] < len(siblings))])


def _words(source: Source) -> list[str]:
    return [f"{name}={value}" for name, value in source.constants.items()]
