"""What a package exports: the names that its modules list in their ``__all__``, each in this one place."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["public"]


def public(namespace: Mapping[str, object]) -> list[str]:
    """The names of functions in ``namespace``, sorted: ``__all__`` of a package of star imports.

    >>> from minigrad.exports import public
    >>> public({"__doc__": "", "square": lambda x: x * x, "_helper": len, "limit": 3})
    ['square']
    """
    return sorted(name for name, value in namespace.items() if callable(value) and not name.startswith("_"))
