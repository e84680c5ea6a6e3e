"""Updates: the parts of a training step that are recorded and replayed, and change all or nothing.

An update is a method of a system. It returns its numbers by name:

    @update("discriminator", reports=("loss_d", "grad_norm_d"))
    def update_discriminator(self, real, rng):
        loss = ...
        descent = descend(loss, self.optimizer_d)
        return {"loss_d": loss, "grad_norm_d": descent.norm}

``descend`` and ``State.set`` are the changes that a failed update does not make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
from minigrad import Tensor, all_finite, grad, modify, require_finite
from minigrad.devices import to_device, xp_of
from minigrad.distributed import mean_over_ranks
from minigrad.optim import Optimizer, gradient_norm
from minigrad.tracing import touch
from minigrad.types import Array

__all__ = [
    "BoundUpdate",
    "Descent",
    "Result",
    "State",
    "Update",
    "deferring",
    "descend",
    "must_be_finite",
    "update",
]

NOT_FINITE = "the loss is {}, the norm of its gradient {}"

_deferred: ContextVar[list[Tensor] | None] = ContextVar("deferred", default=None)


class Descent(NamedTuple):
    """What ``descend`` did.

    ``norm`` is the Euclidean norm of the gradient. ``finite`` guards further changes of the same update,
    as the ``where`` of ``State.set``, ``EMA.update`` and ``Optimizer.step``; None if nothing can be wrong
    any more, since the check has passed already.
    """

    norm: Tensor
    finite: Tensor | None


def descend(loss: Tensor, *optimizers: Optimizer, checked: Sequence[Tensor] = ()) -> Descent:
    """One step of the optimizers down the gradient of ``loss`` in all of their parameters.

    If the loss, the gradient's norm or one of ``checked`` is NaN or infinite, nothing changes. Raises
    NonFiniteError then; with deferred metrics the trainer raises it later. Where several ranks train, all of
    these are means over the ranks. The graph of ``loss`` is released: another loss through the same ops needs
    them computed again, or ``.detach()``.

    >>> w = mg.tensor([3.0])
    >>> descent = descend(mg.ops.sum(w * w), mg.optim.SGD([w], lr=0.25))
    >>> w.numpy().tolist(), descent.norm.item()
    ([1.5], 6.0)
    """
    weights = [p for optimizer in optimizers for p in optimizer.params]
    gradients = grad(loss, weights, release=True)
    loss, *rest = mean_over_ranks([loss.detach(), *(c.detach() for c in checked), *gradients])
    checked, gradients = rest[: len(checked)], rest[len(checked) :]
    norm = gradient_norm(gradients)
    finite = _finite(NOT_FINITE, loss, norm, *checked)
    for optimizer in optimizers:
        own, gradients = gradients[: len(optimizer.params)], gradients[len(optimizer.params) :]
        optimizer.step(own, where=finite)
    return Descent(norm, finite)


def must_be_finite(message: str, *tensors: Tensor) -> Tensor | None:
    """Fail the update unless all numbers are finite; ``message`` is formatted with the Tensors.

    Returns ``Descent.finite``. Raises NonFiniteError; with deferred metrics the trainer raises it later.
    Where several ranks train, means over the ranks are looked at: each finds a fault of any.
    """
    return _finite(message, *mean_over_ranks(tensors))


def _finite(message: str, *tensors: Tensor) -> Tensor | None:
    checks = _deferred.get()
    if checks is None:
        return require_finite(message, *tensors)
    checks.extend(tensors)
    return all_finite(*tensors)


@contextmanager
def deferring() -> Iterator[list[Tensor]]:
    """A block in which ``descend`` raises nothing; the list has all that must be finite."""
    checks: list[Tensor] = []
    token = _deferred.set(checks)
    try:
        yield checks
    finally:
        _deferred.reset(token)


class Result(NamedTuple):
    """The numbers that an update reports, and the Tensors that it returns to the step."""

    numbers: dict[str, Tensor]
    outputs: Any


class Update:
    """A method of a system that is one update. Called on the system itself, it is the plain method.

    ``name`` stands in errors; ``reports`` are the names of the numbers that it may report.
    """

    def __init__(self, function: Callable[..., Any], name: str, reports: tuple[str, ...]) -> None:
        self.function = function
        self.name = name
        self.reports = reports
        self.__doc__ = function.__doc__

    def __get__(self, system: Any, owner: type | None = None) -> Any:
        return self if system is None else BoundUpdate(self, system)

    def run(self, system: Any, *arguments: Any) -> Result:
        """Call the method, and sort what it returns.

        Raises TypeError if that is neither numbers by name nor those with further Tensors, ValueError if a
        number has no place among ``reports``.
        """
        touch(system)  # a replay is of the system as it was
        returned = self.function(system, *arguments)
        numbers, outputs = (
            returned if isinstance(returned, tuple) and len(returned) == 2 else (returned, None)
        )
        if not isinstance(numbers, Mapping):
            raise TypeError(
                f"the {self.name} update returned {type(returned).__name__}, expected its numbers by name, "
                'such as {"loss_d": loss}, alone or in a tuple with other Tensors'
            )
        self._check(numbers)
        return Result(_means({name: number.detach() for name, number in numbers.items()}), outputs)

    def _check(self, numbers: Mapping[str, Any]) -> None:
        """Raise ValueError or TypeError for a number that cannot be reported."""
        for name, number in numbers.items():
            if name not in self.reports:
                raise ValueError(
                    f"the {self.name} update reports {name!r}, which @update does not declare "
                    f"(it has {', '.join(self.reports)})"
                )
            if not isinstance(number, Tensor) or number.size != 1:
                raise TypeError(
                    f"the {self.name} update reports {name!r} as {number!r:.80}, expected a Tensor of one "
                    "element"
                )

    def __repr__(self) -> str:
        return f"<update {self.name}>"


def _means(numbers: dict[str, Tensor]) -> dict[str, Tensor]:
    """The numbers as means over the ranks; those that are no floats, such as counts, stay this rank's."""
    floats = [name for name, number in numbers.items() if number.is_float]
    means = mean_over_ranks([numbers[name] for name in floats])
    return {**numbers, **dict(zip(floats, means, strict=True))}


class BoundUpdate(NamedTuple):
    """An update of one system."""

    update: Update
    system: Any

    def __call__(self, *arguments: Any) -> Any:
        return self.update.function(self.system, *arguments)


def update(name: str, *, reports: Sequence[str]) -> Callable[[Callable[..., Any]], Update]:
    """Decorator of a system's method: it is one update, recorded and replayed as a whole.

    The method takes Tensors and generators, and returns its numbers by name, alone or in a tuple with other
    Tensors for the step. Within it no number can be read (``float(t)``, ``if t``); randomness comes from a
    generator among its arguments; what changes from step to step is an argument or a ``State``.
    """

    def decorate(function: Callable[..., Any]) -> Update:
        return Update(function, name, tuple(reports))

    return decorate


class State:
    """Named numbers that training changes, such as a coefficient of the loss: a part of the checkpoint.

    Each is a Tensor that changes only in place, so that replays see it.

    >>> state = State(k=0.25)
    >>> state.set("k", state.k * 2)
    >>> state.k.item()
    0.5
    """

    _tensors: dict[str, Tensor]

    def __init__(self, device: str = "cpu", **values: Any) -> None:
        arrays = {
            name: np.array(value, None if isinstance(value, np.ndarray) else np.float32)
            for name, value in values.items()
        }
        self.__dict__["_tensors"] = {name: Tensor(to_device(a, device)) for name, a in arrays.items()}

    def __getattr__(self, name: str) -> Tensor:
        try:
            return self.__dict__["_tensors"][name]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(f"there is no state {name!r}") from None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a state changes in place: set({name!r}, value)")

    def set(self, name: str, value: Tensor, *, where: Tensor | None = None) -> None:
        """Change a number to ``value``, of the same shape; with ``where``, only if that is true."""
        kept = getattr(self, name)
        if value.shape != kept.shape:
            raise ValueError(f"state {name!r} has shape {kept.shape}, got a value of shape {value.shape}")
        with mg.no_grad():
            modify(kept, _put, value.detach(), where)

    def state_dict(self) -> dict[str, Any]:
        """Copies of the numbers."""
        return {name: np.array(to_device(t.data, "cpu")) for name, t in self._tensors.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what ``state_dict`` returned. Raises ValueError, and changes nothing, if it is unfit."""
        shapes = {name: (t.shape, t.dtype) for name, t in self._tensors.items()}
        found = {name: (np.shape(value), getattr(value, "dtype", None)) for name, value in state.items()}
        if found != shapes:
            raise ValueError(f"State.load_state_dict: expected {shapes}, got {found}")
        for name, t in self._tensors.items():
            modify(t, _put, Tensor(to_device(np.array(state[name]), t.device)), None)

    def __repr__(self) -> str:
        return f"State({', '.join(self._tensors)})"


def _put(memory: Array, value: Array, where: Array | None) -> None:
    memory[...] = value if where is None else xp_of(memory).where(where.reshape(()), value, memory)
