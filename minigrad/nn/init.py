"""Initial values, written in place into Parameters and drawn from ``minigrad.random.generator()``.

Names and formulas as in ``torch.nn.init``. Each function returns its argument.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

from minigrad.backend import Array, to_device
from minigrad.random import generator
from minigrad.tensor import Tensor

__all__ = [
    "calculate_gain",
    "constant_",
    "fans",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]

T = TypeVar("T", bound=Tensor)


def normal_(tensor: T, mean: float = 0.0, std: float = 1.0) -> T:
    """Draw from ``N(mean, std^2)``."""
    draw = generator().standard_normal(tensor.shape, dtype=_float_of(tensor))
    return _write(tensor, draw * tensor.dtype.type(std) + tensor.dtype.type(mean))


def uniform_(tensor: T, a: float = 0.0, b: float = 1.0) -> T:
    """Draw from the uniform distribution on [a, b)."""
    draw = generator().random(tensor.shape, dtype=_float_of(tensor))
    return _write(tensor, draw * tensor.dtype.type(b - a) + tensor.dtype.type(a))


def constant_(tensor: T, val: float) -> T:
    """Set every element to ``val``."""
    tensor.data[...] = val
    tensor.changed()
    return tensor


def zeros_(tensor: T) -> T:
    """Set every element to 0."""
    return constant_(tensor, 0.0)


def ones_(tensor: T) -> T:
    """Set every element to 1."""
    return constant_(tensor, 1.0)


def xavier_uniform_(tensor: T, gain: float = 1.0) -> T:
    """Uniform on [-a, a], ``a = gain sqrt(6 / (fan_in + fan_out))``. Glorot and Bengio (2010), eq. 16."""
    bound = gain * math.sqrt(6 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor: T, gain: float = 1.0) -> T:
    """Normal with ``std = gain sqrt(2 / (fan_in + fan_out))``. Glorot and Bengio (2010), eq. 12."""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(fans(tensor))))


def kaiming_uniform_(tensor: T, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> T:
    """Uniform on [-b, b], ``b = gain sqrt(3 / fan)``; ``a`` is the slope of leaky ReLU. He et al. (2015), eq.
    15.
    """
    bound = calculate_gain(nonlinearity, a) * math.sqrt(3 / _fan(tensor, mode))
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(tensor: T, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> T:
    """Normal with ``std = gain / sqrt(fan)``; ``a`` is the slope of leaky ReLU. He et al. (2015), eq. 15."""
    return normal_(tensor, 0.0, calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode)))


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance through a nonlinearity; ``param``: leaky ReLU's slope (0.01)."""
    slope = 0.01 if param is None else param
    gains = {
        "linear": 1.0,
        "conv2d": 1.0,
        "conv_transpose2d": 1.0,
        "sigmoid": 1.0,
        "tanh": 5 / 3,
        "relu": math.sqrt(2.0),
        "leaky_relu": math.sqrt(2.0 / (1 + slope**2)),
        "selu": 0.75,
    }
    if nonlinearity not in gains:
        raise ValueError(f"no gain is known for {nonlinearity!r}; choose one of {', '.join(gains)}")
    return gains[nonlinearity]


def fans(tensor: Tensor) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight (out, in, ...): its second and first sizes times the size of the rest."""
    if tensor.ndim < 2:
        raise ValueError(
            f"fan_in and fan_out need a weight of at least 2 dimensions, got shape {tensor.shape}"
        )
    receptive = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive, tensor.shape[0] * receptive


def _fan(tensor: Tensor, mode: str) -> int:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode must be 'fan_in' or 'fan_out', got {mode!r}")
    return fans(tensor)[mode == "fan_out"]


def _float_of(tensor: Tensor) -> Any:
    if not tensor.is_float:
        raise TypeError(f"random values are drawn for float Tensors, this one is {tensor.dtype}")
    return tensor.dtype.type


def _write(tensor: T, values: Array) -> T:
    tensor.data[...] = to_device(values, tensor.device)
    tensor.changed()
    return tensor
