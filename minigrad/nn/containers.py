"""Modules that hold other modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, overload

from minigrad.nn import fusion
from minigrad.nn.module import Module
from minigrad.tensor import Tensor

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["ModuleDict", "ModuleList", "Sequential", "check_key"]


class _Numbered(Module):
    """The base of Sequential and ModuleList: modules as attributes named "0", "1", ... or by a mapping."""

    def _add(self, modules: Iterable[tuple[str, Module]]) -> None:
        for name, module in modules:
            if not isinstance(module, Module):
                raise TypeError(
                    f"{type(self).__name__}: {name!r} is a {type(module).__name__}, expected a Module"
                )
            setattr(self, name, module)

    def append(self, module: Module) -> Self:
        """Add ``module`` at the end."""
        self._add([(str(len(self)), module)])
        return self

    def __len__(self) -> int:
        return len(list(self.named_children()))

    def __iter__(self) -> Iterator[Module]:
        return self.children()

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Module | Self:
        named = list(self.named_children())
        if isinstance(index, slice):
            part = type(self)()
            part._add(named[index])
            return part
        if not -len(named) <= index < len(named):
            raise IndexError(
                f"index {index} is out of range for a {type(self).__name__} of {len(named)} modules"
            )
        return named[index][1]


class Sequential(_Numbered):
    """``modules[-1](... modules[1](modules[0](x)))``.

    Takes the modules, named "0", "1", ..., or one mapping from names to modules. Indexable and iterable; a
    slice is a Sequential of the same modules under their names. Neighbours in the table of ``nn.fusion``
    (batch norm and the ReLU after it, on a GPU also the convolution before it) run as one function.

    >>> import minigrad as mg
    >>> network = mg.nn.Sequential(mg.nn.Linear(3, 8), mg.nn.ReLU(), mg.nn.Linear(8, 1))
    >>> network(mg.ones((5, 3))).shape
    (5, 1)
    >>> network[:2]
    Sequential(
      (0): Linear(in_features=3, out_features=8, bias=True)
      (1): ReLU()
    )
    >>> list(network.state_dict())
    ['0.weight', '0.bias', '2.weight', '2.bias']
    """

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            self._add(modules[0].items())
        else:
            self._add((str(index), module) for index, module in enumerate(modules))  # type: ignore[misc]

    def forward(self, x: Tensor) -> Tensor:
        return fusion.run(x, list(self.children()))


class ModuleList(_Numbered):
    """A list of modules, named "0", "1", ..., whose parameters are part of the module that holds the list.

    It is indexable and iterable, a slice is a ModuleList, and it is not callable. Raises TypeError for an
    item that is no Module.

    >>> import minigrad as mg
    >>> layers = mg.nn.ModuleList(mg.nn.Linear(4, 4) for _ in range(3))
    >>> len(layers), len(layers.parameters())
    (3, 6)
    >>> [name for name, _ in layers.named_parameters()][:2]
    ['0.weight', '0.bias']
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self._add((str(index), module) for index, module in enumerate(modules))


class ModuleDict(Module):
    """A dictionary of modules whose parameters are part of the module that holds it; it is not callable.

    Raises TypeError for a value that is no Module, and ValueError for a key that is the name of another
    attribute.

    >>> import minigrad as mg
    >>> heads = mg.nn.ModuleDict({"age": mg.nn.Linear(8, 1), "digit": mg.nn.Linear(8, 10)})
    >>> heads["digit"](mg.ones((2, 8))).shape
    (2, 10)
    >>> list(heads.state_dict())
    ['age.weight', 'age.bias', 'digit.weight', 'digit.bias']
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] = ()) -> None:
        self.update(modules)

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Set each (key, module), in their order."""
        for key, module in modules.items() if isinstance(modules, Mapping) else modules:
            self[key] = module

    def __setitem__(self, key: str, module: Module) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"ModuleDict: {key!r} is a {type(module).__name__}, expected a Module")
        check_key(self, key)
        setattr(self, key, module)

    def __getitem__(self, key: str) -> Module:
        return dict(self.named_children())[key]

    def __delitem__(self, key: str) -> None:
        self[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(list(self.named_children()))

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.named_children())

    def __contains__(self, key: object) -> bool:
        return key in dict(self.named_children())

    def keys(self) -> list[str]:
        """The keys, in the order of their first assignment."""
        return list(self)

    def values(self) -> list[Module]:
        """The modules, in the order of the keys."""
        return list(self.children())

    def items(self) -> list[tuple[str, Module]]:
        """(key, module), in the order of the keys."""
        return list(self.named_children())


def check_key(container: Module, key: object) -> None:
    """Raise TypeError for a key that is no string, ValueError for the name of an attribute of the class."""
    name = type(container).__name__
    if not isinstance(key, str):
        raise TypeError(f"{name}: a key is a str, got {type(key).__name__}")
    if hasattr(type(container), key) or key in ("training", "_buffer_names"):
        raise ValueError(f"{name}: {key!r} is an attribute of {name} already; choose another key")
