"""Optimizers, which take the list that `minigrad.grad` returns, and learning-rate schedules."""

from minigrad.optim.adam import Adam, AdamW
from minigrad.optim.flat import gradient_norm
from minigrad.optim.group import ParameterGroup
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.optimizers import SGD, Adagrad, RMSprop
from minigrad.optim.schedules import CosineAnnealingLR, ExponentialLR, LambdaLR, LinearLR, Schedule, StepLR

__all__ = [
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "CosineAnnealingLR",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "Optimizer",
    "ParameterGroup",
    "RMSprop",
    "Schedule",
    "StepLR",
    "gradient_norm",
]
