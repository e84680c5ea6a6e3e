"""The numbers that an optimizer's update reads in each step, from its hyper-parameters.

A kernel takes the hyper-parameters as arguments, or these numbers from an array in its device's memory, which
a CUDA graph reads anew whenever it is replayed. The first of them is the rate: where it is NaN, nothing is
changed.
"""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
Settings = tuple[float, ...]


def sgd_settings(lr: float, momentum: float, dampening: float, weight_decay: float) -> Settings:
    """lr, momentum, 1 - dampening, weight_decay."""
    return float(lr), float(momentum), float(1 - dampening), float(weight_decay)


def rmsprop_settings(lr: float, alpha: float, eps: float, weight_decay: float, momentum: float) -> Settings:
    """lr, alpha, 1 - alpha, eps, weight_decay, momentum."""
    return float(lr), float(alpha), float(1 - alpha), float(eps), float(weight_decay), float(momentum)


def adam_settings(
    step: int, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float
) -> Settings:
    """lr / (1 - beta1^step), sqrt(1 - beta2^step), 1 - beta1, beta2, 1 - beta2, eps, weight_decay."""
    rate, root = lr / (1 - beta1**step), math.sqrt(1 - beta2**step)
    return rate, root, float(1 - beta1), float(beta2), float(1 - beta2), float(eps), float(weight_decay)


def adamw_settings(
    step: int, lr: float, beta1: float, beta2: float, eps: float, weight_decay: float, decay: float
) -> Settings:
    """Those of adam_settings, and lr decay."""
    return *adam_settings(step, lr, beta1, beta2, eps, weight_decay), float(lr * decay)


def check_settings(name: str, p: Array, settings: Array, expected: Settings) -> None:
    """Raise ValueError unless ``settings`` is a contiguous array of p's dtype and ``expected``'s length."""
    if settings.shape != (len(expected),) or settings.dtype != p.dtype or not settings.flags.c_contiguous:
        raise ValueError(
            f"{name}: expected settings= to be a contiguous {p.dtype} array of {len(expected)} numbers; got "
            f"{settings.dtype}, shape {settings.shape}, contiguous={settings.flags.c_contiguous}"
        )
