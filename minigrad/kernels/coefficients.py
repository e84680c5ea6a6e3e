"""The coefficients of an optimizer's update: the numbers that its kernel reads in a step.

A kernel takes them as an array of the parameter's dtype, in its device's memory, where a captured step's
replays write new ones. The first coefficient is the learning rate, or a multiple of it: where it is NaN, an
update changes nothing.
"""

from __future__ import annotations

import math

from minigrad.types import Array

Coefficients = tuple[float, ...]

SGD = ("lr", "momentum", "damped", "weight_decay")
RMSPROP = ("lr", "alpha", "rest", "eps", "weight_decay", "momentum")
ADAM = ("rate", "root", "rest1", "beta2", "rest2", "eps", "weight_decay")
ADAMW = (*ADAM, "shrink")
"""The coefficients' names, in the order of the array."""


def sgd_coefficients(lr: float, momentum: float, dampening: float, weight_decay: float) -> Coefficients:
    """``damped`` is 1 - dampening. In the first step the dampening is 0."""
    return lr, momentum, 1 - dampening, weight_decay


def rmsprop_coefficients(
    lr: float, alpha: float, eps: float, weight_decay: float, momentum: float
) -> Coefficients:
    """``rest`` is 1 - alpha."""
    return lr, alpha, 1 - alpha, eps, weight_decay, momentum


def adam_coefficients(
    step: int, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float
) -> Coefficients:
    """``rate`` is lr / (1 - beta1^step) and ``root`` is sqrt(1 - beta2^step), with steps counted from 1;
    ``rest1`` is 1 - beta1 and ``rest2`` is 1 - beta2.
    """
    rate, root = lr / (1 - beta1**step), math.sqrt(1 - beta2**step)
    return rate, root, 1 - beta1, beta2, 1 - beta2, eps, weight_decay


def adamw_coefficients(
    step: int, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, decay: float
) -> Coefficients:
    """``shrink`` is lr decay, the share of a parameter that goes; ``weight_decay`` is within the gradient."""
    return *adam_coefficients(step, lr, beta1, beta2, eps, weight_decay), lr * decay


def check_coefficients(name: str, p: Array, coefficients: Array, names: tuple[str, ...]) -> None:
    """Raise ValueError unless ``coefficients`` is a contiguous array of p's dtype, as long as ``names``."""
    contiguous = coefficients.flags.c_contiguous
    if coefficients.shape != (len(names),) or coefficients.dtype != p.dtype or not contiguous:
        raise ValueError(
            f"{name}: expected coefficients to be a contiguous {p.dtype} array of {len(names)} numbers "
            f"({', '.join(names)}); got {coefficients.dtype}, shape {coefficients.shape}, "
            f"contiguous={contiguous}"
        )
