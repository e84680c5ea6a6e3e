"""Learning-rate schedules: each writes the learning rates as a function of the number of its own steps.

``lr(t)`` is a formula of the group's rate when the first schedule was made (``base_lr``) and the step t. As
in PyTorch, making a schedule already writes lr(0), and ``step()`` is called once an epoch (or batch), after
``optimizer.step(...)``; it may be part of a captured step. Two schedules are combined by ``SequentialLR`` or
``ChainedScheduler``. ``ReduceLROnPlateau`` follows a metric instead.

>>> import minigrad as mg
>>> optimizer = mg.optim.SGD([mg.tensor([1.0])], lr=8.0)
>>> schedule = mg.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
>>> for _ in range(5):
...     print(optimizer.lr)
...     schedule.step()
8.0
8.0
4.0
4.0
2.0
"""

from minigrad.optim.lr_scheduler.combined import ChainedScheduler, SequentialLR
from minigrad.optim.lr_scheduler.cycles import CosineAnnealingLR, CosineAnnealingWarmRestarts, OneCycleLR
from minigrad.optim.lr_scheduler.decay import (
    ConstantLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from minigrad.optim.lr_scheduler.plateau import ReduceLROnPlateau
from minigrad.optim.lr_scheduler.schedule import Schedule

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "Schedule",
    "SequentialLR",
    "StepLR",
]
