"""Learning-rate schedules: each writes ``optimizer.lr`` as a function of the number of its own steps.

``lr(t) = base_lr * factor(t)``, where base_lr is the optimizer's rate when the schedule was made. As in
PyTorch, making a schedule already applies factor(0), and ``step()`` is called once per epoch (or batch),
after ``optimizer.step(...)``.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from minigrad.optim.optimizer import Optimizer
from minigrad.tracing import call

__all__ = ["CosineAnnealingLR", "ExponentialLR", "LambdaLR", "LinearLR", "Schedule", "StepLR"]


class Schedule(ABC):
    """What the schedules share: the optimizer, its first rate ``base_lr`` and the number of steps taken,
    ``epoch``.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.base_lr = optimizer.lr
        self.epoch = 0
        optimizer.lr = self.rate(0)

    @abstractmethod
    def rate(self, epoch: int) -> float:
        """The learning rate after ``epoch`` steps."""

    def step(self) -> None:
        """Go one step on and write the new rate into the optimizer."""
        call(self._step)

    def _step(self) -> None:
        self.epoch += 1
        self.optimizer.lr = self.rate(self.epoch)

    def state_dict(self) -> dict[str, Any]:
        """The position in the schedule, for ``load_state_dict``."""
        return {"name": type(self).__name__, "base_lr": self.base_lr, "epoch": self.epoch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a position that ``state_dict`` returned, and write that position's rate into the
        optimizer.

        Raises ValueError if the state belongs to another kind of schedule.
        """
        kind = type(self).__name__
        if set(state) != {"name", "base_lr", "epoch"} or state["name"] != kind:
            found = state.get("name", f"a dict with the keys {sorted(state)}")
            raise ValueError(f"{kind}.load_state_dict: expected a state of {kind}, got {found}")
        self.base_lr = float(state["base_lr"])
        self.epoch = int(state["epoch"])
        self.optimizer.lr = self.rate(self.epoch)


class StepLR(Schedule):
    """``lr(t) = base_lr * gamma ** (t // step_size)``."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        if step_size < 1:
            raise ValueError(f"StepLR: step_size must be at least 1, got {step_size}")
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:
        return float(self.base_lr * self.gamma ** (epoch // self.step_size))


class ExponentialLR(Schedule):
    """``lr(t) = base_lr * gamma ** t``."""

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        self.gamma = gamma
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:
        return float(self.base_lr * self.gamma**epoch)


class CosineAnnealingLR(Schedule):
    """``lr(t) = eta_min + (base_lr - eta_min) (1 + cos(pi t / T_max)) / 2``: half a cosine, which rises again
    after T_max.

    Loshchilov and Hutter (2017), SGDR, eq. 5, without restarts.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:
        if T_max < 1:
            raise ValueError(f"CosineAnnealingLR: T_max must be at least 1, got {T_max}")
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:
        return self.eta_min + (self.base_lr - self.eta_min) * (1 + math.cos(math.pi * epoch / self.T_max)) / 2


class LinearLR(Schedule):
    """``lr(t) = base_lr (start_factor + (end_factor - start_factor) min(t, total_iters) / total_iters)``."""

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(f"LinearLR: start_factor must lie in (0, 1], got {start_factor}")
        if not 0 <= end_factor <= 1:
            raise ValueError(f"LinearLR: end_factor must lie in [0, 1], got {end_factor}")
        if total_iters < 1:
            raise ValueError(f"LinearLR: total_iters must be at least 1, got {total_iters}")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:
        progress = min(epoch, self.total_iters) / self.total_iters
        return self.base_lr * (self.start_factor + (self.end_factor - self.start_factor) * progress)


class LambdaLR(Schedule):
    """``lr(t) = base_lr * lr_lambda(t)``. The function itself is not part of the state."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float]) -> None:
        self.lr_lambda = lr_lambda
        super().__init__(optimizer)

    def rate(self, epoch: int) -> float:
        return float(self.base_lr * self.lr_lambda(epoch))
