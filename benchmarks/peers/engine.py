"""minigrad's side of a kernel: its CPU kernels or the plain NumPy ones, and pieces of several ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad as mg
from benchmarks.workloads import Step
from minigrad import nn
from minigrad.arrays import is_array
from minigrad.devices import device_of, to_device
from minigrad.dispatch import kernels_of
from minigrad.kernels import reference
from minigrad.kernels.coefficients import (
    Coefficients,
    adam_coefficients,
    rmsprop_coefficients,
    sgd_coefficients,
)

Call = Callable[[], Any]


def place(a: Any, device: str) -> Any:
    """A NumPy array on a device."""
    return to_device(a, device)


def training(step: Step, device: str) -> Any:
    """The work of a step: a training, or the sampling of a G."""
    from benchmarks.training import side

    return side(step, device)


def _kernel(kernel: str) -> Callable[..., Call]:
    """A function that gives the kernel its arguments, from the kernel module that serves them then."""

    def bound(*arguments: Any) -> Call:
        function = getattr(kernels_of(next(a for a in arguments if is_array(a))), kernel)
        return lambda: function(*arguments)

    return bound


def array(result: Any) -> Any:
    """A copy of one result as NumPy's."""
    return np.array(to_device(result.data if isinstance(result, mg.Tensor) else result, "cpu"))


def _layers(scale: Any, shift: Any, eps: float, slope: float) -> nn.Sequential:
    norm = nn.BatchNorm2d(len(scale), eps)
    norm.load_state_dict({"weight": array(scale), "bias": array(shift)}, strict=False)
    return nn.Sequential(norm, nn.LeakyReLU(slope)).to(device_of(scale))


def _batch_norm_leaky(x: Any, scale: Any, shift: Any, eps: float, slope: float) -> Call:
    layers, x = _layers(scale, shift, eps, slope), mg.Tensor(x)

    def forward() -> Any:
        with mg.no_grad():
            return layers(x)

    return forward


def _batch_norm_leaky_grad(g: Any, x: Any, scale: Any, shift: Any, eps: float, slope: float) -> Call:
    layers, x, g = _layers(scale, shift, eps, slope), mg.Tensor(x), mg.Tensor(g)
    y = layers(x)
    return lambda: mg.grad(y, [x, *layers.parameters()], grad_output=g)


def _sgd(p: Any, g: Any, velocity: Any, *numbers: Any) -> Call:
    (*settings, nesterov), update, beside = numbers, kernels_of(p).sgd_update, _beside(p)
    return lambda: update(p, g, velocity, beside(sgd_coefficients(*settings)), nesterov)


def _rmsprop(p: Any, g: Any, square: Any, a: Any, velocity: Any, *settings: float) -> Call:
    update, beside = kernels_of(p).rmsprop_update, _beside(p)
    return lambda: update(p, g, square, a, velocity, beside(rmsprop_coefficients(*settings)))


def _adam(p: Any, g: Any, m: Any, v: Any, step: int, *settings: float) -> Call:
    update, beside = kernels_of(p).adam_update, _beside(p)
    return lambda: update(p, g, m, v, beside(adam_coefficients(step, *settings)))


def _beside(p: Any) -> Callable[[Coefficients], Any]:
    """Makes the coefficients' array in p's memory, as an optimizer does in each step."""
    device = device_of(p)
    if device == "cpu":
        return lambda coefficients: np.array(coefficients, p.dtype)
    return lambda coefficients: to_device(np.array(coefficients, p.dtype), device)


KERNELS: dict[str, Callable[..., Call]] = {
    **{kernel: _kernel(kernel) for kernel in reference.__all__},
    # a convolution and a transposed one are each other's input gradients, and share their weight gradient
    "conv2d_input": _kernel("conv_transpose2d"),
    "conv_transpose2d_input": _kernel("conv2d"),
    "conv_transpose2d_weight": _kernel("conv2d_weight"),
    "adam_update": _adam,
    "batch_norm_leaky": _batch_norm_leaky,
    "batch_norm_leaky_grad": _batch_norm_leaky_grad,
    "rmsprop_update": _rmsprop,
    "sgd_update": _sgd,
}
