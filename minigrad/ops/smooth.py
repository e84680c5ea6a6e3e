"""Smooth activations: gates by a sigmoid or by the normal distribution."""

from __future__ import annotations

import math

from minigrad.devices import xp_of
from minigrad.op import op
from minigrad.ops.activation import sigmoid, softplus, tanh
from minigrad.ops.elementwise import add, exp, mul, neg, square
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = ["erf", "gelu", "log_sigmoid", "silu"]

_STEP = 0.5
_TERMS = 12


@op(real=True)
def erf(x: Array) -> Array:
    """2 / sqrt(pi) times the integral of e^-t^2 from 0 to x, to a few units in the last place.

    Up to |x| = 1 it is the Taylor series. Beyond, with h = 1/2, 1 - erf(x) is
    h x e^-x^2 / pi (1 / x^2 + 2 sum of e^-(k h)^2 / ((k h)^2 + x^2)) - 2 / (e^(2 pi x / h) - 1),
    the trapezoidal rule and the residue of its pole (Matta and Reichel 1971).

    >>> import minigrad as mg
    >>> mg.ops.erf(mg.tensor([-9.0, 0.0, 1.0])).numpy().round(4)
    array([-1.    ,  0.    ,  0.8427], dtype=float32)
    """
    xp = xp_of(x)
    size = xp.abs(x)
    near, far = xp.minimum(size, 1), xp.minimum(xp.maximum(size, 1), 6)  # erf(6) rounds to 1
    squared, series = near * near, xp.zeros(x.shape, x.dtype)
    for k in range(18, -1, -1):
        series = series * squared + (-1) ** k / (math.factorial(k) * (2 * k + 1))
    squared = far * far
    total = 0.5 / squared
    for k in range(1, _TERMS):
        total = total + math.exp(-((k * _STEP) ** 2)) / ((k * _STEP) ** 2 + squared)
    pole = 2 / xp.expm1(2 * math.pi / _STEP * far)
    rest = 2 * _STEP / math.pi * far * xp.exp(-squared) * total - pole
    y = xp.where(size < 1, 2 / math.sqrt(math.pi) * near * series, 1 - rest)
    return (xp.sign(x) * y).astype(x.dtype, copy=False)


erf.vjp(x=lambda g, y, x: g * (exp(-square(x)) * (2 / math.sqrt(math.pi))))


def silu(x: Tensor) -> Tensor:
    """x sigmoid(x), also called swish. Elfwing et al. (2018), eq. 12.

    >>> import minigrad as mg
    >>> mg.ops.silu(mg.tensor([-1.0, 0.0, 1.0])).numpy().round(4)
    array([-0.2689,  0.    ,  0.7311], dtype=float32)
    """
    return mul(x, sigmoid(x))


def gelu(x: Tensor, approximate: str = "none") -> Tensor:
    """x P(Z <= x) for a standard normal Z: x (1 + erf(x / sqrt 2)) / 2.

    With ``approximate="tanh"`` it is x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2. Raises ValueError for
    another word. Hendrycks and Gimpel (2016), section 2.

    >>> import minigrad as mg
    >>> x = mg.tensor(1.0)
    >>> f"{mg.ops.gelu(x):.4f}, {mg.ops.gelu(x, approximate='tanh'):.4f}"
    '0.8413, 0.8412'
    """
    if approximate not in ("none", "tanh"):
        raise ValueError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}")
    if approximate == "none":
        inner = erf(mul(x, math.sqrt(0.5)))
    else:
        cubic = add(x, square(x) * x * 0.044715)
        inner = tanh(cubic * math.sqrt(2 / math.pi))
    return mul(x, 0.5) * (inner + 1.0)


def log_sigmoid(x: Tensor) -> Tensor:
    """log(1 / (1 + e^-x)), finite for every finite x.

    >>> import minigrad as mg
    >>> [f"{y:.4f}" for y in mg.ops.log_sigmoid(mg.tensor([-1000.0, 0.0]))]  # not -inf
    ['-1000.0000', '-0.6931']
    """
    return -softplus(neg(x))
