"""A learning rate that falls when a metric no longer improves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from minigrad.optim.checks import at_least_zero, brief, check_options, step_count
from minigrad.optim.lr_scheduler.schedule import check_optimizer, per_group
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor
from minigrad.tracing import not_in_capture

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["ReduceLROnPlateau"]

COUNTS = ("epoch", "num_bad_epochs", "cooldown_counter")


class ReduceLROnPlateau:
    """``lr <- max(factor lr, min_lr)`` once a metric has not improved in more than ``patience`` steps.

    A metric improves on the ``best`` one if it is below ``best (1 - threshold)`` (``threshold_mode`` "rel")
    or ``best - threshold`` ("abs"), with ``mode`` "max" above ``best (1 + threshold)`` or ``best +
    threshold``; NaN never does. After a fall, ``cooldown`` steps are not counted. A fall of at most
    ``eps`` is not made. ``min_lr`` may be one for each group. As in PyTorch.

    >>> import minigrad as mg
    >>> optimizer = mg.optim.SGD([mg.tensor([1.0])], lr=8.0)
    >>> schedule = mg.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in (3.0, 2.0, 2.5, 2.5):
    ...     schedule.step(loss)
    >>> optimizer.lr
    4.0
    """

    def __new__(cls, *args: Any, **options: Any) -> Self:  # noqa: ARG004
        check_options(cls, options)
        return super().__new__(cls)

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        kind = type(self).__name__
        check_optimizer(kind, optimizer)
        if not 0 <= factor < 1:
            raise ValueError(f"{kind}: factor must lie in [0, 1), got {factor}")
        if mode not in ("min", "max"):
            raise ValueError(f"{kind}: mode must be 'min' or 'max', got {mode!r}")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"{kind}: threshold_mode must be 'rel' or 'abs', got {threshold_mode!r}")
        self.min_lrs = per_group(kind, "min_lr", min_lr, len(optimizer.param_groups))
        self.optimizer = optimizer
        self.mode = mode
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.cooldown = cooldown
        self.eps = eps
        self.best = math.inf if mode == "min" else -math.inf
        self.epoch = 0
        self.num_bad_epochs = 0
        self.cooldown_counter = 0

    def step(self, metrics: float | Tensor) -> None:
        """Compare a metric, a number or a Tensor of one element, with the best one; lower the rates if due.

        Raises CaptureError in a captured step, whose replays would not see the number.
        """
        not_in_capture("ReduceLROnPlateau.step was called", "call it outside, with what the step returns")
        metric = float(metrics)
        self.epoch += 1
        if self._improves(metric):
            self.best, self.num_bad_epochs = metric, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._lower()
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def _improves(self, metric: float) -> bool:
        below = self.mode == "min"
        sign = -1 if below else 1
        margin = self.threshold
        bound = self.best * (1 + sign * margin) if self.threshold_mode == "rel" else self.best + sign * margin
        return metric < bound if below else metric > bound

    def _lower(self) -> None:
        for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            lr = max(self.factor * group["lr"], least)
            if group["lr"] - lr > self.eps:
                group.schedule_lr(lr)

    def get_last_lr(self) -> list[float]:
        """Each group's present learning rate."""
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Best metric, counts and present rates, for ``load_state_dict``."""
        counts = {name: getattr(self, name) for name in COUNTS}
        return {"name": type(self).__name__, "best": self.best, "lrs": self.get_last_lr(), **counts}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what ``state_dict`` returned, and write its rates into the optimizer.

        Raises ValueError if the state is damaged or belongs to another schedule or to other groups.
        """
        kind, groups = type(self).__name__, self.optimizer.param_groups
        if set(state) != {"name", "best", "lrs", *COUNTS} or state["name"] != kind:
            found = state.get("name", f"a dict with the keys {sorted(state)}")
            raise ValueError(f"{kind}.load_state_dict: expected a state of {kind}, got {brief(found)}")
        for name in COUNTS:
            wrong = step_count(name, state[name])
            if wrong:
                raise ValueError(f"{kind}.load_state_dict: {wrong}")
        lrs, best = state["lrs"], state["best"]
        fits = isinstance(lrs, list) and len(lrs) == len(groups)
        if not fits or any(at_least_zero("lr", lr) for lr in lrs):
            raise ValueError(
                f"{kind}.load_state_dict: expected {len(groups)} learning rates, got {brief(lrs)}"
            )
        if not isinstance(best, float):
            raise ValueError(f"{kind}.load_state_dict: best must be a float, got {brief(best)}")
        self.best = best
        for name in COUNTS:
            setattr(self, name, state[name])
        for group, lr in zip(groups, lrs, strict=True):
            group.schedule_lr(lr)
