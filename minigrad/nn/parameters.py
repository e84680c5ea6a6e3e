"""Lists and dictionaries of Parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from minigrad.nn.containers import check_key
from minigrad.nn.module import Module, Parameter
from minigrad.tensor import Tensor, describe

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["ParameterDict", "ParameterList"]


class _Parameters(Module):
    """The base of both: their Parameters are attributes."""

    def _named(self) -> dict[str, Parameter]:
        return {name: value for name, value in vars(self).items() if isinstance(value, Parameter)}

    def _set(self, key: str, value: Any) -> None:
        """Make ``value`` the Parameter ``key``; an array or a Tensor becomes one, as in PyTorch."""
        setattr(self, key, value if isinstance(value, Parameter) else Parameter(value))

    def __len__(self) -> int:
        return len(self._named())

    def __repr__(self) -> str:
        lines = [f"  ({name}): Parameter({describe(value)})" for name, value in self._named().items()]
        return "\n".join([f"{type(self).__name__}(", *lines, ")"]) if lines else f"{type(self).__name__}()"


class ParameterList(_Parameters):
    """A list of Parameters, named "0", "1", ..., that are part of the module that holds the list.

    An array or a Tensor becomes a Parameter. The list is not callable.

    >>> import minigrad as mg
    >>> scales = mg.nn.ParameterList([mg.ones(2), mg.zeros(3)])
    >>> [scale.shape for scale in scales]
    [(2,), (3,)]
    >>> list(scales.state_dict())
    ['0', '1']
    """

    def __init__(self, values: Iterable[Any] = ()) -> None:
        self.extend(values)

    def append(self, value: Any) -> Self:
        """Add ``value`` at the end."""
        self._set(str(len(self)), value)
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add each of ``values`` at the end."""
        for value in values:
            self.append(value)
        return self

    def __getitem__(self, index: int) -> Parameter:
        return list(self._named().values())[index]

    def __setitem__(self, index: int, value: Any) -> None:
        self._set(list(self._named())[index], value)

    def __iter__(self) -> Iterator[Parameter]:
        return iter(list(self._named().values()))


class ParameterDict(_Parameters):
    """A dictionary of Parameters that are part of the module that holds it.

    An array or a Tensor becomes a Parameter. The dictionary is not callable. Raises
    ValueError for a key that is the name of another attribute.

    >>> import minigrad as mg
    >>> weights = mg.nn.ParameterDict({"gain": mg.ones(2)})
    >>> weights["shift"] = mg.zeros(2)
    >>> list(weights.state_dict())
    ['gain', 'shift']
    """

    def __init__(self, values: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        self.update(values)

    def update(self, values: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Set each (key, value), in their order."""
        for key, value in values.items() if isinstance(values, Mapping) else values:
            self[key] = value

    def __setitem__(self, key: str, value: Tensor | Any) -> None:
        check_key(self, key)
        self._set(key, value)

    def __getitem__(self, key: str) -> Parameter:
        return self._named()[key]

    def __delitem__(self, key: str) -> None:
        self[key]
        delattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._named())

    def __contains__(self, key: object) -> bool:
        return key in self._named()

    def keys(self) -> list[str]:
        """The keys, in the order of their first assignment."""
        return list(self._named())

    def values(self) -> list[Parameter]:
        """The Parameters, in the order of the keys."""
        return list(self._named().values())

    def items(self) -> list[tuple[str, Parameter]]:
        """(key, Parameter), in the order of the keys."""
        return list(self._named().items())
