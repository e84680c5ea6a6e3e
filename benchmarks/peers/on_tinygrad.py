"""tinygrad's side: kernels and steps recorded by its TinyJit, on its CPU device, which needs clang."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from tinygrad import Device, Tensor, TinyJit

from benchmarks.peers.tinygrad_functions import (
    convolved,
    leaky,
    normed,
    place,
    transposed,
    weight_gradient,
)
from benchmarks.workloads import Step

__all__ = ["KERNELS", "array", "place", "set_threads", "training"]

Call = Callable[[], Any]


def training(step: Step, device: str) -> Any:  # noqa: ARG001 - on the CPU alone
    """The work of a step: a training, or the sampling of a G."""
    from benchmarks.peers.tinygrad_steps import side

    return side(step)


def set_threads(number: int) -> None:
    """tinygrad reads the number when it is imported: ``NUM_CPU_THREADS`` in its helpers."""
    from tinygrad import helpers

    os.environ["NUM_CPU_THREADS"] = str(number)
    helpers.NUM_CPU_THREADS.value = number


def array(result: Tensor) -> Any:
    """A copy of one result as NumPy's."""
    return np.array(result.numpy())


def bound(function: Callable[..., Any], *tensors: Tensor) -> Call:
    """The recorded function's call, which waits for its result."""
    recorded = TinyJit(lambda *tensors: function(*tensors).realize())

    def call() -> Any:
        result = recorded(*tensors)
        Device[Device.DEFAULT].synchronize()
        return result

    return call


def _norm_leaky(x: Tensor, scale: Tensor, shift: Tensor, eps: float, slope: float) -> Call:
    return bound(lambda *a: leaky(normed(*a, eps)[0], slope), x, scale, shift)


def _two(function: Callable[..., Any]) -> Callable[..., Call]:
    """Of two arrays and settings."""
    return lambda x, y, *rest: bound(lambda x, y: function(x, y, *rest), x, y)


KERNELS: dict[str, Callable[..., Call]] = {
    "conv2d": _two(convolved),
    "conv2d_input": _two(transposed),
    "conv2d_weight": _two(weight_gradient),
    "conv_transpose2d": _two(transposed),
    "conv_transpose2d_input": _two(convolved),
    "conv_transpose2d_weight": _two(weight_gradient),
    "batch_norm_leaky": _norm_leaky,
    "leaky_relu": lambda x, slope: bound(lambda x: leaky(x, slope), x),
    "leaky_gate": _two(lambda g, x, slope: (x > 0).where(g, slope * g)),
    "tanh": lambda x: bound(lambda x: x.tanh(), x),
    "where": lambda condition, x, y: bound(lambda condition, x, y: condition.where(x, y), condition, x, y),
    "matmul": _two(lambda x, y: x @ y),
}
