"""Schedules along half cosines: annealing, its warm restarts, and one cycle up and down."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from minigrad.optim.lr_scheduler.schedule import Schedule, check_optimizer, per_group, whole
from minigrad.optim.optimizer import Optimizer

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts", "OneCycleLR"]


def cosine(start: float, end: float, progress: float) -> float:
    """From ``start`` to ``end`` along half a cosine, at ``progress`` 0 to 1."""
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2


def line(start: float, end: float, progress: float) -> float:
    """From ``start`` to ``end`` along a line, at ``progress`` 0 to 1."""
    return start + (end - start) * progress


class CosineAnnealingLR(Schedule):
    """``lr(t) = eta_min + (base_lr - eta_min) (1 + cos(pi t / T_max)) / 2``: half a cosine, which rises again
    after T_max.

    Loshchilov and Hutter (2017), SGDR, eq. 5, without restarts. Raises ValueError for a T_max below 1.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.tensor([1.0])], lr=8.0)
    >>> schedule = mg.optim.CosineAnnealingLR(optimizer, T_max=4)
    >>> [round(schedule.rate(epoch, 8.0), 3) for epoch in range(5)]
    [8.0, 6.828, 4.0, 1.172, 0.0]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        if T_max < 1:
            raise ValueError(f"CosineAnnealingLR: T_max must be at least 1, got {T_max}")
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer)

    def rate(self, epoch: int, base_lr: float) -> float:
        return cosine(base_lr, self.eta_min, epoch / self.T_max)


class CosineAnnealingWarmRestarts(Schedule):
    """``lr(t) = eta_min + (base_lr - eta_min) (1 + cos(pi T_cur / T_i)) / 2``, T_cur steps after a restart.

    The first restart is after ``T_0`` steps, and each period T_i is ``T_mult`` times the one before.
    Raises ValueError for a T_0 or T_mult that is no integer of at least 1. Loshchilov and Hutter (2017),
    SGDR, eq. 5.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.tensor([1.0])], lr=8.0)
    >>> schedule = mg.optim.CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=2)
    >>> [round(schedule.rate(epoch, 8.0), 3) for epoch in range(7)]  # periods of 2, 4, ... steps
    [8.0, 4.0, 8.0, 6.828, 4.0, 1.172, 8.0]
    """

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> None:
        self.T_0 = whole("CosineAnnealingWarmRestarts", "T_0", T_0)
        self.T_mult = whole("CosineAnnealingWarmRestarts", "T_mult", T_mult)
        self.eta_min = eta_min
        super().__init__(optimizer)

    def rate(self, epoch: int, base_lr: float) -> float:
        current, period = epoch % self.T_0, self.T_0
        if self.T_mult > 1:
            current = epoch
            while current >= period:
                current -= period
                period *= self.T_mult
        return cosine(base_lr, self.eta_min, current / period)


class OneCycleLR(Schedule):
    """One cycle: from ``max_lr / div_factor`` up to ``max_lr`` in the first ``pct_start`` of ``total_steps``,
    then down to ``max_lr / div_factor / final_div_factor``.

    With ``three_phase`` the way down takes as long as the way up, and the rest goes from there to the last
    rate. ``anneal_strategy`` "cos" goes along half cosines, "linear" along lines. With ``cycle_momentum`` the
    momentum (of Adam beta1) goes from ``max_momentum`` to ``base_momentum`` and back the other way round.
    ``total_steps`` may be given as ``epochs`` and ``steps_per_epoch``; ``max_lr`` may be one rate for each
    group, and the optimizer's own rates are not used. Raises ValueError for a step behind the last one, and
    for a number out of its range. Smith and Topin (2019), with PyTorch's numbers.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.tensor([1.0])], momentum=0.9)
    >>> schedule = mg.optim.OneCycleLR(optimizer, 8.0, total_steps=5, pct_start=0.4, div_factor=4.0)
    >>> [[round(lr, 3) for lr in schedule.rates(epoch)] for epoch in range(5)]
    [[2.0], [8.0], [6.0], [2.0], [0.0]]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:
        if total_steps is None and epochs is not None and steps_per_epoch is not None:
            total_steps = epochs * steps_per_epoch
        self.total_steps = whole("OneCycleLR", "total_steps, or epochs * steps_per_epoch,", total_steps)
        if not 0 <= pct_start <= 1:
            raise ValueError(f"OneCycleLR: pct_start must lie in [0, 1], got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"OneCycleLR: anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}"
            )
        if min(div_factor, final_div_factor) <= 0:
            raise ValueError(
                "OneCycleLR: div_factor and final_div_factor must be > 0, "
                f"got {div_factor} and {final_div_factor}"
            )
        check_optimizer("OneCycleLR", optimizer)
        self.max_lrs = per_group("OneCycleLR", "max_lr", max_lr, len(optimizer.param_groups))
        self.factors = 1 / div_factor, 1.0, 1 / div_factor / final_div_factor
        self.momenta = (max_momentum, base_momentum) if cycle_momentum else None
        self._anneal = cosine if anneal_strategy == "cos" else line
        up, last = pct_start * self.total_steps - 1, self.total_steps - 1
        self.ends = [up, 2 * up, last] if three_phase else [up, last]
        if cycle_momentum and not {"momentum", "betas"} & set(optimizer.checks):
            raise ValueError(
                f"OneCycleLR: {type(optimizer).__name__} has no momentum; write cycle_momentum=False"
            )
        super().__init__(optimizer)

    def rates(self, epoch: int, base_lrs: Sequence[float] | None = None) -> list[float]:
        first, top, end = self.factors
        stages = [first, top, first, end] if len(self.ends) == 3 else [first, top, end]
        phase, progress = self._place(epoch)
        return [
            self._anneal(max_lr * stages[phase], max_lr * stages[phase + 1], progress)
            for max_lr in self.max_lrs
        ]

    def _place(self, epoch: int) -> tuple[int, float]:
        """The phase of the step, and the share of the phase that has passed."""
        start = 0.0
        for phase, end in enumerate(self.ends):
            if epoch <= end or phase == len(self.ends) - 1:
                return phase, min((epoch - start) / (end - start), 1.0) if end > start else 1.0
            start = end
        raise AssertionError(epoch)

    def _write_more(self, epoch: int) -> None:
        if self.momenta is None:
            return
        most, least = self.momenta
        stages = [most, least, most, most]
        phase, progress = self._place(epoch)
        value = self._anneal(stages[phase], stages[phase + 1], progress)
        for group in self.optimizer.param_groups:
            _set_momentum(group, value)

    def _check_epoch(self, epoch: int) -> None:
        if epoch > self.total_steps:
            raise ValueError(f"OneCycleLR: step {epoch} of {self.total_steps}; make total_steps larger")


def _set_momentum(group: Any, value: float) -> None:
    if "betas" in group:
        group["betas"] = (value, group["betas"][1])
    else:
        group["momentum"] = value
