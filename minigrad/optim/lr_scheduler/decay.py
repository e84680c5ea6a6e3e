"""Schedules that multiply the first rate by a function of the step."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from operator import index

from minigrad.optim.lr_scheduler.schedule import Schedule, per_group
from minigrad.optim.optimizer import Optimizer

__all__ = ["ConstantLR", "ExponentialLR", "LambdaLR", "LinearLR", "MultiStepLR", "PolynomialLR", "StepLR"]

Function = Callable[[int], float]


class StepLR(Schedule):
    """``lr(t) = base_lr * gamma ** (t // step_size)``. Raises ValueError for a step_size below 1.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.tensor([1.0])], lr=8.0)
    >>> schedule = mg.optim.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> [schedule.rate(epoch, 8.0) for epoch in range(6)]
    [8.0, 8.0, 4.0, 4.0, 2.0, 2.0]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        if step_size < 1:
            raise ValueError(f"StepLR: step_size must be at least 1, got {step_size}")
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer)

    def rate(self, epoch: int, base_lr: float) -> float:
        return float(base_lr * self.gamma ** (epoch // self.step_size))


class MultiStepLR(Schedule):
    """``lr(t) = base_lr * gamma ** n``, where n is the number of ``milestones`` <= t.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.tensor([1.0])], lr=8.0)
    >>> schedule = mg.optim.MultiStepLR(optimizer, milestones=[1, 4], gamma=0.5)
    >>> [schedule.rate(epoch, 8.0) for epoch in range(6)]
    [8.0, 4.0, 4.0, 4.0, 2.0, 2.0]
    """

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1) -> None:
        self.milestones = sorted(index(milestone) for milestone in milestones)
        self.gamma = gamma
        super().__init__(optimizer)

    def rate(self, epoch: int, base_lr: float) -> float:
        return float(base_lr * self.gamma ** bisect_right(self.milestones, epoch))


class ExponentialLR(Schedule):
    """``lr(t) = base_lr * gamma ** t``.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.tensor([1.0])], lr=8.0)
    >>> schedule = mg.optim.ExponentialLR(optimizer, gamma=0.5)
    >>> [schedule.rate(epoch, 8.0) for epoch in range(4)]
    [8.0, 4.0, 2.0, 1.0]
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = gamma
        super().__init__(optimizer)

    def rate(self, epoch: int, base_lr: float) -> float:
        return float(base_lr * self.gamma**epoch)


class ConstantLR(Schedule):
    """``lr(t) = base_lr * factor`` for t < total_iters, then ``base_lr``.

    Raises ValueError for a factor outside [0, 1] and for total_iters below 1.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.tensor([1.0])], lr=8.0)
    >>> schedule = mg.optim.ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> [schedule.rate(epoch, 8.0) for epoch in range(4)]
    [4.0, 4.0, 8.0, 8.0]
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5) -> None:
        if not 0 <= factor <= 1:
            raise ValueError(f"ConstantLR: factor must lie in [0, 1], got {factor}")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer)

    def rate(self, epoch: int, base_lr: float) -> float:
        return base_lr * self.factor if epoch < self.total_iters else base_lr


class LinearLR(Schedule):
    """``lr(t) = base_lr (start_factor + (end_factor - start_factor) min(t, total_iters) / total_iters)``.

    Raises ValueError for a start_factor outside (0, 1], an end_factor outside [0, 1] and total_iters below 1.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.tensor([1.0])], lr=8.0)
    >>> schedule = mg.optim.LinearLR(optimizer, start_factor=0.25, total_iters=3)
    >>> [schedule.rate(epoch, 8.0) for epoch in range(5)]
    [2.0, 4.0, 6.0, 8.0, 8.0]
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(f"LinearLR: start_factor must lie in (0, 1], got {start_factor}")
        if not 0 <= end_factor <= 1:
            raise ValueError(f"LinearLR: end_factor must lie in [0, 1], got {end_factor}")
        _check_total_iters("LinearLR", total_iters)
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer)

    def rate(self, epoch: int, base_lr: float) -> float:
        progress = min(epoch, self.total_iters) / self.total_iters
        return base_lr * (self.start_factor + (self.end_factor - self.start_factor) * progress)


class PolynomialLR(Schedule):
    """``lr(t) = base_lr (1 - min(t, total_iters) / total_iters) ** power``, down to 0.

    Raises ValueError for total_iters below 1.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.tensor([1.0])], lr=8.0)
    >>> schedule = mg.optim.PolynomialLR(optimizer, total_iters=4, power=2.0)
    >>> [schedule.rate(epoch, 8.0) for epoch in range(6)]
    [8.0, 4.5, 2.0, 0.5, 0.0, 0.0]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0) -> None:
        _check_total_iters("PolynomialLR", total_iters)
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer)

    def rate(self, epoch: int, base_lr: float) -> float:
        return float(base_lr * (1 - min(epoch, self.total_iters) / self.total_iters) ** self.power)


class LambdaLR(Schedule):
    """``lr(t) = base_lr * lr_lambda(t)``, with one function or one for each group.

    The functions themselves are not part of the state. Raises ValueError for another number of functions.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.tensor([1.0])], lr=8.0)
    >>> schedule = mg.optim.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
    >>> [schedule.rates(epoch) for epoch in (0, 1, 3)]
    [[8.0], [4.0], [2.0]]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Function | Sequence[Function]) -> None:
        self.lr_lambda = lr_lambda
        super().__init__(optimizer)

    def rates(self, epoch: int, base_lrs: Sequence[float] | None = None) -> list[float]:
        bases = self.base_lrs if base_lrs is None else base_lrs
        functions = per_group("LambdaLR", "lr_lambda", self.lr_lambda, len(bases))
        return [float(base * function(epoch)) for base, function in zip(bases, functions, strict=True)]


def _check_total_iters(kind: str, total_iters: int) -> None:
    if total_iters < 1:
        raise ValueError(f"{kind}: total_iters must be at least 1, got {total_iters}")
