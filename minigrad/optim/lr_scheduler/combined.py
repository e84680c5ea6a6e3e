"""Schedules one after another, and one on top of another."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from minigrad.optim.lr_scheduler.schedule import Schedule, check_optimizer
from minigrad.optim.optimizer import Optimizer

__all__ = ["ChainedScheduler", "SequentialLR"]


class SequentialLR(Schedule):
    """``lr(t) = lr_k(t - milestones[k - 1])``, where k is the number of ``milestones`` <= t.

    Make the schedules first, with the same optimizer; each starts from the optimizer's first rate. Their own
    ``step`` is not called. Raises ValueError unless there is one milestone between each two schedules, in
    order.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.tensor([1.0])], lr=8.0)
    >>> warmup = mg.optim.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> decay = mg.optim.ExponentialLR(optimizer, gamma=0.5)
    >>> schedule = mg.optim.SequentialLR(optimizer, [warmup, decay], milestones=[2])
    >>> [schedule.rates(epoch) for epoch in range(5)]
    [[4.0], [6.0], [8.0], [4.0], [2.0]]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[Schedule], milestones: Sequence[int]
    ) -> None:
        check_optimizer("SequentialLR", optimizer)
        _check_schedules("SequentialLR", optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR: {len(schedulers)} schedules need {len(schedulers) - 1} milestones, got "
                f"{len(milestones)}"
            )
        if any(one >= other for one, other in zip([0, *milestones], milestones, strict=False)):
            raise ValueError(f"SequentialLR: the milestones must grow from 1, got {list(milestones)}")
        self.schedulers = list(schedulers)
        self.milestones = list(milestones)
        super().__init__(optimizer)

    def _place(self, epoch: int) -> tuple[Schedule, int]:
        """The schedule that holds after ``epoch`` steps, and its own number of steps."""
        k = bisect_right(self.milestones, epoch)
        return self.schedulers[k], epoch - [0, *self.milestones][k]

    def rates(self, epoch: int, base_lrs: Sequence[float] | None = None) -> list[float]:
        schedule, own = self._place(epoch)
        return schedule.rates(own, self.base_lrs if base_lrs is None else base_lrs)

    def _write_more(self, epoch: int) -> None:
        schedule, own = self._place(epoch)
        schedule._write_more(own)

    def _check_epoch(self, epoch: int) -> None:
        schedule, own = self._place(epoch)
        schedule._check_epoch(own)


class ChainedScheduler(Schedule):
    """``lr(t) = lr_n(t)`` of the rates ``lr_(n-1)(t)`` of ... of ``base_lr``: each builds on the one before.

    Schedules that multiply the rate give the product of their factors, as in PyTorch; a cosine with
    ``eta_min`` begins at what the one before it gives. Their own ``step`` is not called. Raises ValueError if
    they are of several optimizers.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.tensor([1.0])], lr=8.0)
    >>> warmup = mg.optim.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> decay = mg.optim.ExponentialLR(optimizer, gamma=0.5)
    >>> schedule = mg.optim.ChainedScheduler([warmup, decay])
    >>> [schedule.rates(epoch) for epoch in range(4)]  # 0.5, 0.75, 1, 1 times 8, 4, 2, 1
    [[4.0], [3.0], [2.0], [1.0]]
    """

    def __init__(self, schedulers: Sequence[Schedule]) -> None:
        if not schedulers:
            raise ValueError("ChainedScheduler: the list of schedules is empty")
        optimizer = getattr(schedulers[0], "optimizer", None)
        _check_schedules("ChainedScheduler", optimizer, schedulers)
        self.schedulers = list(schedulers)
        super().__init__(schedulers[0].optimizer)

    def rates(self, epoch: int, base_lrs: Sequence[float] | None = None) -> list[float]:
        rates = list(self.base_lrs if base_lrs is None else base_lrs)
        for schedule in self.schedulers:
            rates = schedule.rates(epoch, rates)
        return rates

    def _write_more(self, epoch: int) -> None:
        for schedule in self.schedulers:
            schedule._write_more(epoch)

    def _check_epoch(self, epoch: int) -> None:
        for schedule in self.schedulers:
            schedule._check_epoch(epoch)


def _check_schedules(kind: str, optimizer: Optimizer | None, schedules: Sequence[Schedule]) -> None:
    for index, schedule in enumerate(schedules):
        if not isinstance(schedule, Schedule):
            raise TypeError(
                f"{kind}: schedule {index} is a {type(schedule).__name__}, expected one whose rates are a "
                "function of the step"
            )
        if schedule.optimizer is not optimizer:
            raise ValueError(f"{kind}: schedule {index} is of another optimizer")
