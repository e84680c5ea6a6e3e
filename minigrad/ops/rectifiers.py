"""Rectifiers with a bent or learnt half below 0."""

from __future__ import annotations

from minigrad.ops.elementwise import expm1, where
from minigrad.ops.shape import reshape
from minigrad.tensor import Tensor

__all__ = ["elu", "hardtanh", "prelu", "selu"]

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """x where x > 0, else alpha (e^x - 1). Clevert et al. (2016), eq. 16.

    >>> import minigrad as mg
    >>> mg.ops.elu(mg.tensor([-100.0, 0.0, 2.0]), alpha=0.5).tolist()
    [-0.5, 0.0, 2.0]
    """
    below = x <= 0
    return where(below, expm1(where(below, x, 0.0)) * alpha, x)


def selu(x: Tensor) -> Tensor:
    """s elu(x, a), with s and a that keep mean 0 and variance 1. Klambauer et al. (2017), eq. 2 and 14.

    >>> import minigrad as mg
    >>> mg.ops.selu(mg.tensor([-100.0, 0.0, 1.0])).numpy().round(4)  # -s a, 0, s
    array([-1.7581,  0.    ,  1.0507], dtype=float32)
    """
    return elu(x, SELU_ALPHA) * SELU_SCALE


def prelu(x: Tensor, weight: Tensor) -> Tensor:
    """x where x > 0, else weight x, with one weight or one for each channel of x (n, c, ...).

    Raises ValueError for a weight of another shape. He et al. (2015), eq. 1.

    >>> import minigrad as mg
    >>> x, w = mg.tensor([[-2.0, -2.0, 3.0]]), mg.tensor([0.5, 0.25, 0.0])
    >>> mg.ops.prelu(x, w).tolist(), mg.grad(mg.ops.sum(mg.ops.prelu(x, w)), [w])[0].tolist()
    ([[-1.0, -0.5, 3.0]], [-2.0, -2.0, 0.0])
    """
    channels = x.shape[1] if x.ndim > 1 else 1
    if weight.size != 1 and weight.shape != (channels,):
        raise ValueError(f"prelu: weight must be (1,) or ({channels},) for x {x.shape}, got {weight.shape}")
    shape = () if weight.size == 1 else (channels, *(1,) * (x.ndim - 2))
    weight, above = reshape(weight, shape=shape), x > 0
    return where(above, x, weight * where(above, 0.0, x))


def hardtanh(x: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """x between min_val and max_val, else the bound; the derivative at a bound is 0, as PyTorch's.

    >>> import minigrad as mg
    >>> x = mg.tensor([-2.0, 0.5, 1.0])
    >>> mg.ops.hardtanh(x).tolist(), mg.grad(mg.ops.sum(mg.ops.hardtanh(x)), [x])[0].tolist()
    ([-1.0, 0.5, 1.0], [0.0, 1.0, 0.0])
    """
    return where(x <= min_val, min_val, where(x >= max_val, max_val, x))
