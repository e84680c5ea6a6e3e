"""What the optimizers share. Each update is one call of a kernel for all parameters of one dtype.

An optimizer holds the parameters and its own running averages, nothing else: gradients are an argument of
``step``.

    optimizer = Adam(model.parameters(), lr=2e-4, betas=(0.5, 0.999))
    optimizer.step(grad(loss, model.parameters()))
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from minigrad.backend import Array, address_of, is_array, to_device, xp_of
from minigrad.optim.bound import BoundUpdate
from minigrad.optim.flat import Flat, Gathered
from minigrad.tensor import Tensor, describe
from minigrad.tracing import Bindable, Changes, call, not_in_capture, watch

__all__ = ["Optimizer"]


class Optimizer(ABC):
    """What the optimizers share: parameters, learning rate, running averages and the state to save.

    Hyper-parameters are attributes of the constructor's names; ``steps`` counts the updates made. Parameters
    that own their arrays are moved into one buffer: take ``p.data`` after the optimizer is made, not before.
    Parameters that several optimizers share, or whose ``data`` is replaced later, are updated where they are.
    Running averages are where their parameters are: move a module before its optimizer is made.

    Raises ValueError if ``params`` is empty or names a tensor twice, or if a hyper-parameter is out of its
    range; TypeError if ``params`` holds anything but float Tensors.
    """

    average_switches: ClassVar[Mapping[str, str | None]]
    """Each running average's name, with the hyper-parameter that switches it on, or None."""

    def __init__(self, params: Iterable[Tensor], **hyperparameters: Any) -> None:
        self.params = _checked_params(type(self).__name__, params)
        self._hyperparameters = tuple(hyperparameters)
        self._check(hyperparameters)
        for name, value in hyperparameters.items():
            setattr(self, name, value)
        alike: dict[Any, list[int]] = {}
        for index, p in enumerate(self.params):
            alike.setdefault((p.dtype, p.device), []).append(index)
        names = self._average_names(hyperparameters)
        self._groups = [Group(self.params, indices, names) for indices in alike.values()]
        self.steps = 0
        self._update_all = Bindable(self._apply, self._bound)

    @property
    def lr(self) -> float:
        """The learning rate, >= 0. Schedules write it."""
        return self._lr

    @lr.setter
    def lr(self, value: float) -> None:
        not_in_capture("the learning rate was set", "set it before the step, or let a schedule do it")
        self._check_at_least_zero("lr", value)
        self._lr = float(value)

    @property
    def averages(self) -> dict[str, list[Array]]:
        """Each running average's name, and one array per parameter, zero at first."""
        found: dict[str, dict[int, Array]] = {}
        for group in self._groups:
            for name, flat in group.averages.items():
                found.setdefault(name, {}).update(zip(group.indices, flat.views(), strict=True))
        return {name: [arrays[i] for i in range(len(self.params))] for name, arrays in found.items()}

    def step(self, grads: Sequence[Tensor], *, where: Tensor | None = None) -> None:
        """Update every parameter in place.

        ``grads`` are in the order of the parameters, as ``grad`` returns them. With ``where``, a Tensor of
        one element on the parameters' device, parameters and averages change only if it is true; ``steps``
        counts on in any case, since the host does not wait to see it. Raises ValueError for a wrong number of
        gradients or a wrong shape, TypeError for a wrong dtype or anything but Tensors; then no parameter has
        changed.
        """
        self._check_grads(grads)
        arrays = [g._data for g in grads]
        if where is None and not self._on_gpu:
            call(self._update_all, *arrays)
        else:
            self._step_from_memory(arrays, where)

    def _apply(self, *grads: Array) -> None:
        self.steps += 1
        for group in self._groups:
            self._update_group(group, None, *[grads[index] for index in group.indices])
        self._tell_all()

    def _bound(self, *grads: Array) -> BoundUpdate:
        return BoundUpdate(self, grads)

    def _switches(self) -> list[Any]:
        """The hyper-parameters that may choose what the kernels do, not only by which numbers."""
        return [getattr(self, name) for name in self._hyperparameters if name != "lr"]

    def _step_from_memory(self, grads: list[Array], where: Tensor | None) -> None:
        """The step in parts that a CUDA graph can hold: kernels read the settings, which the host writes."""
        watch(self._launched)
        for group, numbers in zip(self._groups, call(self._next_settings), strict=True):
            settings = numbers if group.device == "cpu" else call(to_device, numbers, group.device)
            if where is not None:
                settings = call(_where_or_nan, where._data, settings)
            call(self._update_group, group, settings, *[grads[index] for index in group.indices])
        call(self._tell_all)

    def _next_settings(self) -> tuple[Array, ...]:
        """Count a step; the settings that it has, for each group."""
        self.steps += 1
        return tuple([np.array(self._settings(), group.dtype) for group in self._groups])

    def _launched(self) -> tuple[Any, ...]:
        """All that decides how an update is launched, apart from its settings and gradients."""
        switches = [bool(switch) for switch in self._switches()]
        return (*switches, *[address for group in self._groups for address in group.addresses])

    def _update_group(self, group: Group, settings: Array | None, *gradients: Array) -> None:
        buffer = group.gathered.buffer
        if buffer is not None:
            averages = {name: flat.buffer for name, flat in group.averages.items()}
            self._update(buffer, list(gradients), averages, settings)
        else:
            self._update_each(group, list(gradients), settings)

    def _tell_all(self) -> None:
        for p in self.params:
            p.changed()

    def state_dict(self) -> dict[str, Any]:
        """Copies of all that ``step`` depends on besides the parameters: averages, number of steps,
        hyper-parameters.
        """
        return {
            "name": type(self).__name__,
            "steps": self.steps,
            "hyperparameters": {name: getattr(self, name) for name in self._hyperparameters},
            "averages": {
                name: [np.array(to_device(array, "cpu")) for array in arrays]
                for name, arrays in self.averages.items()
            },
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``state_dict`` returned, hyper-parameters included: later updates are the same bit
        for bit.

        Raises ValueError, and leaves the optimizer as it was, if the state is damaged or belongs to another
        kind of optimizer or to parameters of other shapes or dtypes.
        """
        kind = type(self).__name__
        if set(state) != {"name", "steps", "hyperparameters", "averages"} or state["name"] != kind:
            found = state.get("name", f"a dict with the keys {sorted(state)}")
            raise ValueError(f"{kind}.load_state_dict: expected a state of {kind}, got {found}")
        hyperparameters, steps = dict(state["hyperparameters"]), state["steps"]
        if set(hyperparameters) != set(self._hyperparameters):
            raise ValueError(
                f"{kind}.load_state_dict: expected the hyper-parameters {sorted(self._hyperparameters)}, "
                f"got {sorted(hyperparameters)}"
            )
        self._check(hyperparameters)
        if not isinstance(steps, int) or steps < 0:
            raise ValueError(f"{kind}.load_state_dict: steps must be an integer >= 0, got {steps!r}")
        averages = self._read_averages(self._average_names(hyperparameters), state["averages"])
        for name, value in hyperparameters.items():
            setattr(self, name, value)
        for group in self._groups:
            group.averages = group.zeros(list(averages))
            for name, flat in group.averages.items():
                for index, view in zip(group.indices, flat.views(), strict=True):
                    view[...] = averages[name][index]
        self.steps = steps
        Changes.count += 1

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={getattr(self, name)}" for name in self._hyperparameters)
        return f"{type(self).__name__}({len(self.params)} parameters, {settings})"

    def _update_each(self, group: Group, gradients: list[Array], settings: Array | None) -> None:
        views = {name: flat.views() for name, flat in group.averages.items()}
        for index, (p, g) in enumerate(zip(group.gathered.params, gradients, strict=True)):
            averages = {name: arrays[index] for name, arrays in views.items()}
            if p.data.flags.c_contiguous:
                self._update(p.data, g, averages, settings)
            else:
                contiguous = p.data.copy(order="C")
                self._update(contiguous, g, averages, settings)
                p.data[...] = contiguous

    @property
    def _on_gpu(self) -> bool:
        return any(group.device != "cpu" for group in self._groups)

    @abstractmethod
    def _settings(self) -> tuple[float, ...]:
        """The numbers of a step, as its kernel takes them from an array."""

    @abstractmethod
    def _update(
        self, p: Array, g: Array | list[Array], averages: Mapping[str, Array], settings: Array | None
    ) -> None:
        """Update the C-contiguous array ``p`` and its averages in place from its gradient ``g``, or from
        gradients that are ``p``'s end to end; by the numbers in ``settings``, None for the present ones.
        """

    @abstractmethod
    def _check(self, hyperparameters: Mapping[str, Any]) -> None:
        """Raise ValueError for a hyper-parameter out of its range."""

    def _average_names(self, hyperparameters: Mapping[str, Any]) -> list[str]:
        switches = self.average_switches.items()
        return [name for name, switch in switches if switch is None or hyperparameters[switch]]

    def _check_at_least_zero(self, name: str, value: float) -> None:
        if not 0 <= value < float("inf"):
            raise ValueError(f"{type(self).__name__}: {name} must be a number >= 0, got {value}")

    def _check_decay(self, name: str, value: float) -> None:
        if not 0 <= value < 1:
            raise ValueError(f"{type(self).__name__}: {name} must lie in [0, 1), got {value}")

    def _check_grads(self, grads: Sequence[Tensor]) -> None:
        kind = type(self).__name__
        if isinstance(grads, Tensor) or len(grads) != len(self.params):
            given = "one Tensor" if isinstance(grads, Tensor) else len(grads)
            raise ValueError(
                f"{kind}.step: expected {len(self.params)} gradients, one for each parameter, got {given}"
            )
        for index, (p, g) in enumerate(zip(self.params, grads, strict=True)):
            if not isinstance(g, Tensor):
                raise TypeError(f"{kind}.step: gradient {index} is a {type(g).__name__}, expected a Tensor")
            if g.shape != p.shape:
                raise ValueError(
                    f"{kind}.step: gradient {index} has shape {g.shape}, its parameter has {p.shape}"
                )
            if g.dtype != p.dtype or g.device != p.device:
                expected = f"its parameter is {p.dtype} on {p.device}"
                raise TypeError(f"{kind}.step: gradient {index} is {g.dtype} on {g.device}, {expected}")
        for group in self._groups:
            for p in (self.params[index] for index in group.indices):
                if p.dtype != group.dtype or p.device != group.device:
                    raise TypeError(
                        f"{kind}.step: a parameter became {p.dtype} on {p.device} after {kind}(...) was made "
                        f"for {group.dtype} on {group.device}; make a new one"
                    )

    def _read_averages(self, names: list[str], saved: Mapping[str, Any]) -> dict[str, list[Array]]:
        kind = type(self).__name__
        if sorted(saved) != sorted(names) or any(len(saved[name]) != len(self.params) for name in names):
            raise ValueError(
                f"{kind}.load_state_dict: expected the averages {names} of {len(self.params)} parameters, "
                f"got { {name: len(arrays) for name, arrays in saved.items()} }"
            )
        averages: dict[str, list[Array]] = {}
        for name in names:
            averages[name] = []
            for index, (p, value) in enumerate(zip(self.params, saved[name], strict=True)):
                array = value if is_array(value) else np.asarray(value)
                if array.shape != p.shape or array.dtype != p.dtype:
                    raise ValueError(
                        f"{kind}.load_state_dict: {name} of parameter {index} is {describe(array)}, "
                        f"the parameter is {describe(p)}"
                    )
                averages[name].append(to_device(array, p.device))
        return averages


class Group:
    """The parameters of one dtype and device at ``indices``, and their running averages."""

    def __init__(self, params: Sequence[Tensor], indices: list[int], names: list[str]) -> None:
        self.indices = indices
        self.gathered = Gathered([params[index] for index in indices])
        self.dtype = params[indices[0]].dtype
        self.device = params[indices[0]].device
        self.averages = self.zeros(names)

    def zeros(self, names: list[str]) -> dict[str, Flat]:
        return {name: Flat.zeros(self.gathered.params) for name in names}

    @property
    def addresses(self) -> list[int]:
        """Where the running averages lie."""
        return [address_of(flat.buffer) for flat in self.averages.values()]


def _where_or_nan(where: Array, settings: Array) -> Array:
    """The settings, or NaN, with which an update changes nothing."""
    kept: Array = xp_of(settings).where(where.reshape(1), settings, np.nan).astype(settings.dtype, copy=False)
    return kept


def _checked_params(kind: str, params: Iterable[Any]) -> list[Tensor]:
    if isinstance(params, Tensor):
        raise TypeError(f"{kind}: expected a list of parameters, got one Tensor; write [tensor]")
    listed = list(params)
    if not listed:
        raise ValueError(f"{kind}: the list of parameters is empty")
    seen: dict[int, int] = {}
    for index, p in enumerate(listed):
        if not isinstance(p, Tensor) or not p.is_float:
            found = p.dtype if isinstance(p, Tensor) else type(p).__name__
            raise TypeError(f"{kind}: parameter {index} is {found}, expected a float32 or float64 Tensor")
        if id(p) in seen:
            raise ValueError(
                f"{kind}: parameters {seen[id(p)]} and {index} are the same Tensor; name it once"
            )
        seen[id(p)] = index
    return listed
