"""Optimizers with all their settings, and small parameters to run them on."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim

SHAPES = [(3, 4), (5,), (2, 1, 3, 3), ()]

SGD_OPTIONS: list[dict[str, Any]] = [
    {"lr": 0.05, "momentum": momentum, "weight_decay": decay, "dampening": dampening, "nesterov": nesterov}
    for momentum, decay, dampening, nesterov in itertools.product(
        (0.0, 0.9), (0.0, 0.01), (0.0, 0.3), (False, True)
    )
    if not (nesterov and (momentum == 0 or dampening != 0))
]
RMSPROP_OPTIONS: list[dict[str, Any]] = [
    {"lr": 0.01, "alpha": alpha, "weight_decay": decay, "momentum": momentum, "centered": centered}
    for alpha, decay, momentum, centered in itertools.product(
        (0.99, 0.9), (0.0, 0.01), (0.0, 0.9), (False, True)
    )
]
ADAM_OPTIONS: list[dict[str, Any]] = [
    {"lr": 0.01, "betas": betas, "weight_decay": decay, "eps": eps}
    for betas, decay, eps in itertools.product(
        ((0.9, 0.999), (0.5, 0.9), (0.0, 0.9)), (0.0, 0.01), (1e-8, 1e-3)
    )
]
SGD_OPTIONS.append({"lr": 0.05, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True, "maximize": True})
RMSPROP_OPTIONS.append(
    {"lr": 0.01, "weight_decay": 0.01, "momentum": 0.9, "centered": True, "maximize": True}
)
ADAM_OPTIONS += [
    {"lr": 0.01, "betas": (0.5, 0.9), "weight_decay": 0.01, "amsgrad": True, "maximize": maximize}
    for maximize in (False, True)
]
ADAMW_OPTIONS: list[dict[str, Any]] = [  # PyTorch rounds 1 - lr weight_decay, which is exact here
    {"lr": 2**-7, "betas": (0.5, 0.9), "weight_decay": decay, "amsgrad": amsgrad, "maximize": maximize}
    for decay, amsgrad, maximize in itertools.product((0.0, 0.5), (False, True), (False, True))
]
ADAGRAD_OPTIONS: list[dict[str, Any]] = [
    {"lr": 0.05},
    {"lr": 0.05, "lr_decay": 0.1, "weight_decay": 0.01, "initial_accumulator_value": 0.3},
    {"lr": 0.05, "lr_decay": 0.1, "weight_decay": 0.01, "eps": 1e-3, "maximize": True},
]
CASES = [
    *((optim.SGD, options) for options in SGD_OPTIONS),
    *((optim.RMSprop, options) for options in RMSPROP_OPTIONS),
    *((optim.Adam, options) for options in ADAM_OPTIONS),
    *((optim.AdamW, options) for options in ADAMW_OPTIONS),
    *((optim.Adagrad, options) for options in ADAGRAD_OPTIONS),
]
case = pytest.mark.parametrize(
    ("kind", "options"), CASES, ids=[f"{k.__name__}-{i}" for i, (k, _) in enumerate(CASES)]
)


def start(dtype: type) -> list[mg.Tensor]:
    rng = np.random.default_rng(0)
    return [mg.Tensor(np.asarray(rng.normal(size=shape), dtype)) for shape in SHAPES]


@cache
def gradients(step: int, dtype: type) -> list[np.ndarray]:
    rng = np.random.default_rng([1, step])
    return [np.asarray(rng.normal(size=shape) * 2.0 ** rng.integers(-3, 4), dtype) for shape in SHAPES]


def run(optimizer: optim.Optimizer, steps: range, dtype: type) -> None:
    for step in steps:
        optimizer.step([mg.Tensor(g) for g in gradients(step, dtype)])


def values(params: list[mg.Tensor]) -> list[bytes]:
    return [p.data.tobytes() for p in params]
