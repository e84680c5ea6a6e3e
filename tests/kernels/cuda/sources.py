"""Every source of the package."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter

from minigrad.kernels import cuda
from minigrad.kernels.cuda import gemm_product, products
from minigrad.kernels.cuda.conv_product import NAME as CONV_PRODUCT
from minigrad.kernels.cuda.loading import Source


def sources() -> dict[str, Source]:
    """Each by a name of its own: its file's, and what not all have that are made of that file."""
    modules = [
        importlib.import_module(f"{cuda.__name__}.{m.name}") for m in pkgutil.iter_modules(cuda.__path__)
    ]
    held = {value for module in modules for value in vars(module).values() if isinstance(value, Source)}
    held |= {*products.sources(CONV_PRODUCT), *gemm_product.SOURCES}
    by_file = {name: [source for source in held if source.name == name] for name in {s.name for s in held}}
    named = {_name(source, siblings): source for siblings in by_file.values() for source in siblings}
    return dict(sorted(named.items()))


def _name(source: Source, siblings: list[Source]) -> str:
    counts = Counter(word for sibling in siblings for word in _words(sibling))
    return " ".join([source.name, *(word for word in _words(source) if counts[word] < len(siblings))])


def _words(source: Source) -> list[str]:
    return [*source.before, *(f"{name}={value}" for name, value in source.constants.items())]
