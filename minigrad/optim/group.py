"""Parameters that share settings, and what an optimizer keeps for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

from minigrad.arrays import address_of
from minigrad.optim.checks import Check, check_setting
from minigrad.optim.flat import Flat, Gathered
from minigrad.tensor import Tensor
from minigrad.tracing import Changes, not_in_capture
from minigrad.types import Array

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Kind", "ParameterGroup", "Part", "Setting"]

T = TypeVar("T")


class Kind(Protocol):
    """What a class of optimizers declares about its settings and running averages."""

    @property
    def checks(self) -> Mapping[str, Check]: ...
    @property
    def average_switches(self) -> Mapping[str, str | None]: ...
    @property
    def later(self) -> Mapping[str, Any]: ...
    def first_average(self, settings: Mapping[str, Any]) -> float: ...
    def check(self, label: str, settings: Mapping[str, Any]) -> None: ...


class Grouped(Protocol):
    """Anything with groups of parameters, such as an optimizer."""

    @property
    def param_groups(self) -> tuple[ParameterGroup, ...]: ...


class ParameterGroup(Mapping[str, Any]):
    """Some of an optimizer's parameters, with settings of their own: ``group["lr"] = 1e-4``.

    ``group["params"]`` lists the parameters; every other key is a setting, which the next step reads.
    ``initial_lr`` is the rate from which schedules compute theirs: the last one that no schedule wrote.
    Setting a value raises ValueError if it is out of its range or has an unknown name, TypeError for
    "params".

    >>> import minigrad as mg
    >>> w, b = mg.tensor([1.0]), mg.tensor([0.0])
    >>> optimizer = mg.optim.SGD([{"params": [w]}, {"params": [b], "lr": 0.25}], lr=0.5)
    >>> first, second = optimizer.param_groups  # each is a ParameterGroup
    >>> second["lr"] = 0.125
    >>> first["lr"], second["lr"], second["params"][0] is b
    (0.5, 0.125, True)
    """

    __slots__ = ("_kind", "_settings", "initial_lr", "label", "parts", "steps")

    def __init__(self, kind: Kind, label: str, parts: list[Part], settings: Mapping[str, Any]) -> None:
        self.label = label
        self.parts = parts
        self.steps = 0
        self._kind = kind
        self._settings: dict[str, Any] = {}
        self.restore(settings)

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    @property
    def params(self) -> list[Tensor]:
        """The parameters, in the order in which they were given."""
        placed = {index: p for part in self.parts for index, p in part.placed()}
        return [placed[index] for index in sorted(placed)]

    @property
    def averages(self) -> dict[str, list[Array]]:
        """Each running average's name, and one array per parameter, zero at first."""
        found: dict[str, dict[int, Array]] = {}
        for part in self.parts:
            for name, flat in part.averages.items():
                found.setdefault(name, {}).update(zip(part.indices, flat.views(), strict=True))
        return {name: [arrays[index] for index in sorted(arrays)] for name, arrays in found.items()}

    def restore(self, settings: Mapping[str, Any]) -> None:
        """Set all settings, already checked, and make the running averages that they switch on."""
        self._settings = {name: settings[name] for name in self._kind.checks}
        self._settings["lr"] = self.initial_lr = float(settings["lr"])
        Changes.count += 1
        self._make_averages()

    def schedule_lr(self, lr: float) -> None:
        """Set the rate for a schedule; ``initial_lr`` stays as it is."""
        before = self.initial_lr
        self["lr"] = lr
        self.initial_lr = before

    def __setitem__(self, name: str, value: Any) -> None:
        if name == "params":
            raise TypeError(f"{self.label}: the parameters of a group are fixed; see add_param_group")
        what = "the learning rate" if name == "lr" else name
        not_in_capture(f"{what} was set", "set it before the step, or let a schedule do it")
        check_setting(self._kind.checks, self.label, name, value)
        if name == "lr":
            value = self.initial_lr = float(value)
        else:  # which may choose what the kernels do
            Changes.count += 1
        self._settings[name] = value
        if name in self._kind.average_switches.values():
            self._make_averages()

    def _make_averages(self) -> None:
        """Add the averages that a setting has switched on; one that it switched off stays."""
        for name, switch in self._kind.average_switches.items():
            if switch is None or self._settings[switch]:
                for part in self.parts:
                    if name not in part.averages:
                        part.add_average(name, self._kind.first_average(self._settings))

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.__slots__:
            raise AttributeError(f'{self.label}: settings are keys: write group["{name}"] = {value!r}')
        super().__setattr__(name, value)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            hint = f'; settings are keys: write group["{name}"]' if not name.startswith("_") else ""
            raise AttributeError(f"a parameter group has no attribute {name!r}{hint}", name=name, obj=self)

    def __getitem__(self, name: str) -> Any:
        return self.params if name == "params" else self._settings[name]

    def __iter__(self) -> Iterator[str]:
        return iter(("params", *self._settings))

    def __len__(self) -> int:
        return 1 + len(self._settings)

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value}" for name, value in self._settings.items())
        count = sum(len(part.indices) for part in self.parts)
        return f"{count} parameters, {settings}"


class Part:
    """The parameters of one dtype and device in a group, end to end, with their running averages.

    ``indices`` are their places among all parameters of the optimizer.
    """

    def __init__(self, params: Sequence[Tensor], indices: list[int]) -> None:
        self.indices = indices
        self.gathered = Gathered(params)
        self.dtype = params[0].dtype
        self.device = params[0].device
        self.averages: dict[str, Flat] = {}

    def placed(self) -> Iterator[tuple[int, Tensor]]:
        """Each parameter, behind its index among all parameters of the optimizer."""
        return zip(self.indices, self.gathered.params, strict=True)

    def add_average(self, name: str, value: float) -> None:
        """Add a running average whose elements start at ``value``."""
        flat = Flat.zeros(self.gathered.params)
        if value:
            flat.buffer[...] = value
        self.averages = {**self.averages, name: flat}
        Changes.count += 1

    @property
    def addresses(self) -> list[int]:
        """The addresses of the running averages."""
        return [address_of(flat.buffer) for flat in self.averages.values()]


class Setting(Generic[T]):
    """A setting as an attribute of the optimizer: reading needs groups that agree, writing sets all."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, optimizer: None, owner: type) -> Self: ...
    @overload
    def __get__(self, optimizer: Grouped, owner: type) -> T: ...

    def __get__(self, optimizer: Grouped | None, owner: type) -> Self | T:
        if optimizer is None:
            return self
        groups = optimizer.param_groups
        value: T = groups[0][self.name]
        if any(group[self.name] != value for group in groups):
            values = ", ".join(str(group[self.name]) for group in groups)
            raise ValueError(
                f"{owner.__name__}: the groups differ in {self.name} ({values}); read "
                f'optimizer.param_groups[index]["{self.name}"]'
            )
        return value

    def __set__(self, optimizer: Grouped, value: T) -> None:
        for group in optimizer.param_groups:
            group[self.name] = value
