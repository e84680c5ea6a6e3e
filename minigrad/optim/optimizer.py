"""What the optimizers share. Each update is one call of a kernel for a group's parameters of one dtype.

An optimizer holds the parameters and its own running averages, nothing else: gradients are an argument of
``step``.

    optimizer = Adam(model.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimizer.step(grad(loss, model.parameters()))
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from minigrad.devices import to_device, xp_of
from minigrad.habits import ATTRIBUTES
from minigrad.hints import attribute, hint_of
from minigrad.kernels.coefficients import Coefficients
from minigrad.optim.bound import BoundUpdate
from minigrad.optim.checks import (
    Check,
    check_options,
    check_parameters,
    check_setting,
    listed,
    unknown_setting,
)
from minigrad.optim.group import ParameterGroup, Part, Setting
from minigrad.optim.state import read_state, state_of
from minigrad.tensor import Tensor
from minigrad.tracing import Bindable, Changes, call, not_in_capture, watch
from minigrad.types import Array

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Optimizer"]

Parameters = Iterable[Tensor] | Iterable[Mapping[str, Any]]


class Optimizer(ABC):
    """What the optimizers share: groups of parameters, their settings, running averages, the state to save.

    ``params`` are Tensors, or groups with settings of their own in place of the constructor's:

    >>> import minigrad as mg
    >>> w, b = mg.tensor([1.0]), mg.tensor([0.5])
    >>> optimizer = mg.optim.SGD([{"params": [w]}, {"params": [b], "lr": 0.25}], lr=0.5)
    >>> optimizer.step(mg.grad(mg.ops.sum(w * b), optimizer.params))
    >>> w, b
    (tensor([0.75], float32), tensor([0.25], float32))

    Settings are attributes of the constructor's names, where the groups agree, and keys of each group in
    ``param_groups``; ``steps`` counts the updates made. ``params`` are all parameters, group after group, in
    the order of the gradients. Parameters that own their arrays are moved into one buffer per group: take
    ``p.data`` after the optimizer is made, not before. Parameters that several optimizers share, or whose
    ``data`` is replaced later, are updated where they are. Running averages lie on the
    device of their parameters: move a module before you make its optimizer.

    Raises ValueError if ``params`` is empty or names a tensor twice, or if a setting is out of its range;
    TypeError if ``params`` holds anything but float Tensors, or for an unknown setting.
    """

    average_switches: ClassVar[Mapping[str, str | None]]
    """Each running average's name, with the setting that switches it on, or None."""

    checks: ClassVar[Mapping[str, Check]]
    """Each setting's name, with the check of its value."""

    switches: ClassVar[tuple[str, ...]] = ()
    """Further settings that choose what a kernel does, not only with which numbers."""

    later: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    """Settings that states of older versions lack, with their values in those versions."""

    lr = Setting[float]()
    """The learning rate, >= 0. Schedules write it."""

    def __new__(cls, *args: Any, **options: Any) -> Self:  # noqa: ARG004
        check_options(cls, options)
        return super().__new__(cls)

    def __init__(self, params: Parameters, **settings: Any) -> None:
        kind = type(self).__name__
        self._defaults = settings
        self._groups: list[ParameterGroup] = []
        self._parts: list[tuple[ParameterGroup, Part]] = []
        self.params: list[Tensor] = []
        given = listed(kind, params)
        if given and all(isinstance(group, Mapping) for group in given):
            for group in given:
                self.add_param_group(group)
        else:
            self._add(kind, given, settings)
        self._update_all = Bindable(self._apply, self._bound)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ATTRIBUTES["Optimizer"]:
            raise AttributeError(f"{type(self).__name__} has no {name}; {hint_of('Optimizer', name)}")
        super().__setattr__(name, value)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            return attribute(self, "Optimizer", name)

    @property
    def param_groups(self) -> tuple[ParameterGroup, ...]:
        """The groups, in the order in which they were given; ``param_groups[0]["lr"] = 1e-4`` sets a rate."""
        return tuple(self._groups)

    @property
    def steps(self) -> int:
        """The number of updates made."""
        return self._groups[0].steps

    @property
    def averages(self) -> dict[str, list[Array]]:
        """Each running average's name, and one array for each parameter of the groups that have it."""
        found: dict[str, list[Array]] = {}
        for group in self._groups:
            for name, arrays in group.averages.items():
                found.setdefault(name, []).extend(arrays)
        return found

    def add_param_group(self, group: Any) -> None:
        """Add a group of parameters, ``{"params": [...], "lr": ...}``, behind the present ones.

        Settings that the group lacks are the constructor's. The group's number of steps starts at 0. Make
        schedules afterwards. Raises what the constructor raises; then nothing has changed.
        """
        not_in_capture("a parameter group was added", "add it before the step")
        label = f"{type(self).__name__}, group {len(self._groups)}"
        if not isinstance(group, Mapping) or "params" not in group:
            raise TypeError(f'{label}: expected a dict {{"params": [...], "lr": ...}}, got {_brief(group)}')
        settings = {name: value for name, value in group.items() if name != "params"}
        for name in settings:
            if name not in self.checks:
                raise TypeError(f"{label}: {unknown_setting(name, self.checks)}")
        self._add(label, listed(label, group["params"]), {**self._defaults, **settings})

    def _add(self, label: str, params: list[Any], settings: Mapping[str, Any]) -> None:
        present = {id(p): f"in group {i}" for i, group in enumerate(self._groups) for p in group.params}
        check_parameters(label, params, present)
        self.check(label, settings)
        alike: dict[Any, list[int]] = {}
        for index, p in enumerate(params):
            alike.setdefault((p.dtype, p.device), []).append(index)
        first = len(self.params)
        parts = [
            Part([params[i] for i in indices], [first + i for i in indices]) for indices in alike.values()
        ]
        group = ParameterGroup(type(self), label, parts, settings)
        self._groups.append(group)
        self._parts += [(group, part) for part in parts]
        self.params += params

    def step(self, grads: Sequence[Tensor] = (), *, where: Tensor | None = None) -> None:
        """Update every parameter in place.

        ``grads`` has one gradient for each parameter, in their order, as ``grad`` returns them:

            optimizer.step(mg.grad(loss, optimizer.params))

        With ``where``, a Tensor of one element on the parameters' device, parameters and averages change only
        if it is true. ``steps`` increases in any case, since the host does not wait for ``where``. Raises
        ValueError for a wrong number of gradients or a wrong shape, TypeError for a wrong dtype or anything
        but Tensors; then no parameter has changed.
        """
        self._check_grads(grads)
        arrays = [g._data for g in grads]
        watch(self._count)
        if where is None and not self._on_gpu:
            call(self._update_all, *arrays)
        else:
            self._step_from_memory(arrays, where)

    def _apply(self, *grads: Array) -> None:
        self._begin()
        for group, part in self._parts:
            coefficients = self._array_of(group, part)
            self._update_part(group, part, coefficients, *[grads[index] for index in part.indices])
        self._note_changes()

    def _bound(self, *grads: Array) -> BoundUpdate:
        return BoundUpdate(
            self.params,
            grads,
            self._parts,
            begin=self._begin,
            coefficients=self._coefficients,
            switches=self._switches,
            update=self._update_part,
        )

    def _begin(self) -> None:
        """Count a step."""
        for group in self._groups:
            group.steps += 1

    def _count(self) -> int:
        return len(self.params)

    def _switches(self) -> list[bool]:
        """The settings that choose what the kernels do, of all groups."""
        names = [*filter(None, self.average_switches.values()), *self.switches]
        return [bool(group._settings[name]) for group in self._groups for name in names]

    def _step_from_memory(self, grads: list[Array], where: Tensor | None) -> None:
        """The step in parts that a CUDA graph can hold: kernels read what the host has written."""
        watch(self._launched)
        for (group, part), on_host in zip(self._parts, call(self._next_coefficients), strict=True):
            coefficients = on_host if part.device == "cpu" else call(to_device, on_host, part.device)
            if where is not None:
                coefficients = call(_where_or_nan, where._data, coefficients)
            call(self._update_part, group, part, coefficients, *[grads[index] for index in part.indices])
        call(self._note_changes)

    def _next_coefficients(self) -> tuple[Array, ...]:
        """Count a step, and return its coefficients for each part."""
        self._begin()
        return tuple([self._array_of(group, part) for group, part in self._parts])

    def _array_of(self, group: ParameterGroup, part: Part) -> Array:
        """The coefficients of the group's present step, in the part's dtype, on the host."""
        return np.array(self._coefficients(group), part.dtype)

    def _launched(self) -> tuple[Any, ...]:
        """All that decides how an update is launched, apart from its coefficients and gradients."""
        return (*self._switches(), *[address for _, part in self._parts for address in part.addresses])

    def _update_part(self, group: ParameterGroup, part: Part, coefficients: Array, *gradients: Array) -> None:
        buffer = part.gathered.buffer
        if buffer is not None:
            averages = {name: flat.buffer for name, flat in part.averages.items()}
            self._update(group, buffer, list(gradients), averages, coefficients)
        else:
            self._update_each(group, part, list(gradients), coefficients)

    def _update_each(
        self, group: ParameterGroup, part: Part, gradients: list[Array], coefficients: Array
    ) -> None:
        views = {name: flat.views() for name, flat in part.averages.items()}
        for index, (p, g) in enumerate(zip(part.gathered.params, gradients, strict=True)):
            averages = {name: arrays[index] for name, arrays in views.items()}
            if p.data.flags.c_contiguous:
                self._update(group, p.data, g, averages, coefficients)
            else:
                contiguous = p.data.copy(order="C")
                self._update(group, contiguous, g, averages, coefficients)
                p.data[...] = contiguous

    def _note_changes(self) -> None:
        for p in self.params:
            p.changed()

    def state_dict(self) -> dict[str, Any]:
        """Copies of all that ``step`` depends on besides the parameters: averages, counts of steps, settings.

        Its keys are "name", "steps", "hyperparameters" and "averages"; with several groups "name" and
        "groups", a list of dicts with the other three.
        """
        return state_of(type(self).__name__, self._groups)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what ``state_dict`` returned, settings included: later updates are the same, bit for bit.

        Raises ValueError, and leaves the optimizer as it was, if the state is damaged or belongs to another
        kind of optimizer, to other groups or to parameters of other shapes or dtypes.
        """
        label = f"{type(self).__name__}.load_state_dict"
        read = read_state(label, type(self).__name__, type(self), self._groups, state)
        for group, saved in zip(self._groups, read, strict=True):
            for part in group.parts:
                part.averages = {}
                for name, arrays in saved.averages.items():
                    part.add_average(name, 0.0)
                    for index, view in zip(part.indices, part.averages[name].views(), strict=True):
                        view[...] = arrays[index]
            group.restore(saved.settings)
            group.steps = saved.steps
        Changes.count += 1

    def __repr__(self) -> str:
        kind = type(self).__name__
        if len(self._groups) == 1:
            return f"{kind}({self._groups[0]})"
        groups = "".join(f"  ({index}): {group}\n" for index, group in enumerate(self._groups))
        return f"{kind}(\n{groups})"

    @property
    def _on_gpu(self) -> bool:
        return any(part.device != "cpu" for _, part in self._parts)

    @abstractmethod
    def _coefficients(self, group: ParameterGroup) -> Coefficients:
        """The numbers that a kernel reads in the group's present step."""

    @abstractmethod
    def _update(
        self,
        group: ParameterGroup,
        p: Array,
        g: Array | list[Array],
        averages: Mapping[str, Array],
        coefficients: Array,
    ) -> None:
        """Update the C-contiguous array ``p`` and its averages in place from its gradient ``g``, or from
        gradients that are ``p``'s end to end.
        """

    @classmethod
    def first_average(cls, settings: Mapping[str, Any]) -> float:  # noqa: ARG003
        """The value with which the elements of a running average start."""
        return 0.0

    @classmethod
    def check(cls, label: str, settings: Mapping[str, Any]) -> None:
        """Raise ValueError for a setting out of its range, or settings that do not go together."""
        for name in cls.checks:
            check_setting(cls.checks, label, name, settings[name])

    def _check_grads(self, grads: Sequence[Tensor]) -> None:
        kind = type(self).__name__
        self._check_list(grads)
        for index, (p, g) in enumerate(zip(self.params, grads, strict=True)):
            if not isinstance(g, Tensor):
                raise TypeError(
                    f"{kind}.step: {self._place(index)} is a {type(g).__name__}, expected a Tensor"
                )
            if g.shape != p.shape:
                raise ValueError(
                    f"{kind}.step: {self._place(index)} has shape {g.shape}, its parameter has {p.shape}"
                )
            if g.dtype != p.dtype or g.device != p.device:
                expected = f"its parameter is {p.dtype} on {p.device}"
                raise TypeError(f"{kind}.step: {self._place(index)} is {g.dtype} on {g.device}, {expected}")
        for _, part in self._parts:
            for _, p in part.placed():
                if p.dtype != part.dtype or p.device != part.device:
                    raise TypeError(
                        f"{kind}.step: a parameter became {p.dtype} on {p.device} after {kind}(...) was made "
                        f"for {part.dtype} on {part.device}; make a new one"
                    )

    def _check_list(self, grads: Any) -> None:
        kind = type(self).__name__
        expected = f"{kind}.step: expected {len(self.params)} gradients, one for each parameter, got"
        if isinstance(grads, Tensor):
            raise ValueError(f"{expected} one Tensor")
        if callable(grads):
            raise TypeError(
                f"{kind}.step takes gradients, no closure: write "
                "optimizer.step(minigrad.grad(closure(), optimizer.params))"
            )
        if not isinstance(grads, Sequence):
            raise TypeError(f"{expected} {_brief(grads)}; minigrad.grad returns the list of them")
        if len(grads) != len(self.params):
            raise ValueError(
                f"{expected} {len(grads)}; write optimizer.step(minigrad.grad(loss, optimizer.params))"
            )

    def _place(self, index: int) -> str:
        """The name of gradient ``index`` in an error."""
        if len(self._groups) == 1:
            return f"gradient {index}"
        for number, group in enumerate(self._groups):
            own = sorted(i for part in group.parts for i in part.indices)
            if index in own:
                return f"gradient {index} (group {number}, parameter {own.index(index)})"
        raise AssertionError(index)


def _brief(value: object) -> str:
    return f"a {type(value).__name__}"


def _where_or_nan(where: Array, coefficients: Array) -> Array:
    """The coefficients if ``where`` is true, else NaN: an update with NaN changes nothing."""
    kept: Array = xp_of(coefficients).where(where.reshape(1), coefficients, np.nan)
    return kept.astype(coefficients.dtype, copy=False)
