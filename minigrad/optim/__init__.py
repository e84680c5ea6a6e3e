"""Optimizers, which take the list that `minigrad.grad` returns, and learning-rate schedules."""

from minigrad.optim.flat import gradient_norm
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.optimizers import SGD, Adam, RMSprop
from minigrad.optim.schedules import CosineAnnealingLR, ExponentialLR, LambdaLR, LinearLR, Schedule, StepLR

__all__ = [
    "SGD",
    "Adam",
    "CosineAnnealingLR",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "Optimizer",
    "RMSprop",
    "Schedule",
    "StepLR",
    "gradient_norm",
]
