"""Linear: the fully connected layer."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import DTypeLike

from minigrad import ops
from minigrad.nn import init
from minigrad.nn.module import Module, Parameter
from minigrad.tensor import Tensor

__all__ = ["Linear", "reset_affine"]


def reset_affine(weight: Parameter, bias: Parameter | None) -> None:
    """PyTorch's default: weight and bias uniform on [-b, b] with ``b = 1 / sqrt(fan_in)``."""
    init.kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        fan_in = init.fans(weight)[0]
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        init.uniform_(bias, -bound, bound)


class Linear(Module):
    """``y = x weight^T + bias``: x (..., in_features) -> (..., out_features); weight (out_features,
    in_features). Raises ValueError for an input of another shape.

    >>> import minigrad as mg
    >>> layer = mg.nn.Linear(3, 2)
    >>> layer.weight.shape, layer.bias.shape
    ((2, 3), (2,))
    >>> layer(mg.ones((5, 3))).shape
    (5, 2)
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *, dtype: DTypeLike = np.float32
    ) -> None:
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(np.empty((out_features, in_features), dtype))
        self.bias = Parameter(np.empty(out_features, dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        reset_affine(self.weight, self.bias)

    def forward(self, x: Tensor) -> Tensor:
        self.check_shape(x)
        if x.ndim == 2 and self.bias is not None:
            return ops.linear(x, self.weight, self.bias)
        y = ops.matmul(x, ops.transpose(self.weight))
        return y if self.bias is None else y + self.bias

    def check_shape(self, x: Tensor) -> None:
        """Raise ValueError unless x is (..., in_features)."""
        if x.ndim < 1 or x.shape[-1] != self.in_features:
            raise ValueError(f"{self!r}: expected an input (..., {self.in_features}), got {x.shape}")

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
        )
