"""What the schedules share."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from minigrad.optim.checks import at_least_zero, brief, check_options, step_count
from minigrad.optim.optimizer import Optimizer
from minigrad.tracing import call

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Schedule", "check_optimizer", "per_group", "whole"]


class Schedule:
    """A rate for each parameter group as a function of the steps taken, ``epoch``.

    A subclass defines ``rate(epoch, base_lr)``. ``base_lrs`` are the groups' rates when their first
    schedule was made, or the rates that you set since. Raises TypeError if ``optimizer`` is not an optimizer.

    >>> import minigrad as mg
    >>> class InverseRoot(mg.optim.Schedule):
    ...     def rate(self, epoch, base_lr):
    ...         return base_lr / (1 + epoch) ** 0.5
    >>> optimizer = mg.optim.SGD([mg.tensor([1.0])], lr=6.0)
    >>> schedule = InverseRoot(optimizer)
    >>> for _ in range(3):
    ...     schedule.step()
    >>> optimizer.lr  # 6 / sqrt(4)
    3.0
    """

    def __new__(cls, *args: Any, **options: Any) -> Self:  # noqa: ARG004
        check_options(cls, options)
        return super().__new__(cls)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = cls.__dict__.get("rate")
        if own is not None and len(inspect.signature(own).parameters) == 2:
            raise TypeError(
                f"{cls.__name__}.rate: define rate(self, epoch, base_lr), with the first rate of a group, in "
                "place of rate(self, epoch)"
            )

    def __init__(self, optimizer: Optimizer) -> None:
        check_optimizer(type(self).__name__, optimizer)
        self.optimizer = optimizer
        self.base_lrs = [group.initial_lr for group in optimizer.param_groups]
        self.epoch = 0
        self._write()

    @property
    def base_lr(self) -> float:
        """The first rate of the only group; ValueError if there are several."""
        if len(self.base_lrs) > 1:
            raise ValueError(f"{type(self).__name__}: there are {len(self.base_lrs)} groups; read base_lrs")
        return self.base_lrs[0]

    def rate(self, epoch: int, base_lr: float) -> float:
        """The learning rate after ``epoch`` steps of a group whose first rate was ``base_lr``."""
        raise NotImplementedError(f"{type(self).__name__} does not define rate(epoch, base_lr)")

    def rates(self, epoch: int, base_lrs: Sequence[float] | None = None) -> list[float]:
        """Each group's learning rate after ``epoch`` steps, from its first rates or from others."""
        return [float(self.rate(epoch, base)) for base in (self.base_lrs if base_lrs is None else base_lrs)]

    def get_last_lr(self) -> list[float]:
        """Each group's present learning rate."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def step(self) -> None:
        """Take one step and write the new rates into the optimizer.

        Raises ValueError if the optimizer has more parameter groups than when the schedule was made.
        """
        call(self._step)

    def _step(self) -> None:
        count = len(self.optimizer.param_groups)
        if count != len(self.base_lrs):
            raise ValueError(
                f"{type(self).__name__}: the optimizer has {count} parameter groups, and had "
                f"{len(self.base_lrs)} when the schedule was made; make it after add_param_group"
            )
        self._check_epoch(self.epoch + 1)
        self.epoch += 1
        self._write()

    def _check_epoch(self, epoch: int) -> None:
        """Raise ValueError for a step after the schedule's last one."""

    def _write(self) -> None:
        rates = self.rates(self.epoch)
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            group.schedule_lr(lr)
        self._write_more(self.epoch)

    def _write_more(self, epoch: int) -> None:
        """Write settings other than the rate that depend on the step."""

    def state_dict(self) -> dict[str, Any]:
        """The position in the schedule, for ``load_state_dict``; its settings are the constructor's."""
        bases = self.base_lrs
        base_lr = bases[0] if len(bases) == 1 else list(bases)
        return {"name": type(self).__name__, "base_lr": base_lr, "epoch": self.epoch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a position that ``state_dict`` returned, and write its rates into the optimizer.

        Raises ValueError if the state is damaged or belongs to another kind of schedule or to other groups.
        """
        kind = type(self).__name__
        if set(state) != {"name", "base_lr", "epoch"} or state["name"] != kind:
            found = state.get("name", f"a dict with the keys {sorted(state)}")
            raise ValueError(f"{kind}.load_state_dict: expected a state of {kind}, got {brief(found)}")
        base, epoch = state["base_lr"], state["epoch"]
        bases = list(base) if isinstance(base, list | tuple) else [base]
        wrong = next(filter(None, (at_least_zero("base_lr", base) for base in bases)), "")
        wrong = step_count("epoch", epoch) or wrong
        if len(bases) != len(self.base_lrs):
            wrong = f"expected rates of {len(self.base_lrs)} parameter groups, got {len(bases)}"
        if wrong:
            raise ValueError(f"{kind}.load_state_dict: {wrong}")
        self.base_lrs = [float(base) for base in bases]
        self.epoch = epoch
        self._write()


def check_optimizer(kind: str, optimizer: object) -> None:
    """Raise TypeError unless ``optimizer`` is one."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{kind}: expected an optimizer, got a {type(optimizer).__name__}")


def whole(kind: str, name: str, value: Any) -> int:
    """``value`` as an int; ValueError unless it is an integer of at least 1."""
    if not hasattr(value, "__index__") or value < 1:
        raise ValueError(f"{kind}: {name} must be an integer of at least 1, got {value}")
    return int(value)


def per_group(kind: str, name: str, value: Any, count: int) -> list[Any]:
    """``value`` for each of ``count`` groups, or its parts if it is a list; ValueError for another number."""
    values = list(value) if isinstance(value, list | tuple) else [value] * count
    if len(values) != count:
        raise ValueError(f"{kind}: {name} must be one, or one for each of {count} groups, got {len(values)}")
    return values
