"""Elementwise ops with NumPy's broadcasting; ``minigrad.grad`` sums a gradient to its input's shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import devices
from minigrad.apply import constant
from minigrad.arrays import on_gpu
from minigrad.creation import tensor
from minigrad.devices import xp_of
from minigrad.dispatch import kernels_of
from minigrad.op import op
from minigrad.tensor import FLOATS, Tensor
from minigrad.types import Array

__all__ = [
    "abs", "add", "astype", "clip", "cos", "div", "exp", "expm1", "log", "log1p", "maximum", "minimum", "mul",
    "neg", "power", "sin", "sqrt", "square", "sub", "to_device", "where",
]  # fmt: skip


@op
def add(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """x + y.

    >>> import minigrad as mg
    >>> mg.ops.add(mg.tensor([[1.0], [2.0]]), mg.tensor([10.0, 20.0])).tolist()  # (2, 1) + (2,) -> (2, 2)
    [[11.0, 21.0], [12.0, 22.0]]
    """
    return xp_of(x).add(x, y, out=out)


add.vjp(x=lambda g, out, x, y: g, y=lambda g, out, x, y: g)


@op
def sub(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """x - y.

    >>> import minigrad as mg
    >>> mg.ops.sub(mg.tensor([1.0, 2.0]), 0.5).tolist()
    [0.5, 1.5]
    """
    return xp_of(x).subtract(x, y, out=out)


sub.vjp(x=lambda g, out, x, y: g, y=lambda g, out, x, y: -g)


@op
def mul(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """x y.

    >>> import minigrad as mg
    >>> x, y = mg.tensor(3.0), mg.tensor(4.0)
    >>> [g.item() for g in mg.grad(mg.ops.mul(x, y), [x, y])]  # the gradient of each is the other
    [4.0, 3.0]
    """
    return xp_of(x).multiply(x, y, out=out)


mul.vjp(x=lambda g, out, x, y: g * y, y=lambda g, out, x, y: g * x)


@op
def div(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """x / y.

    >>> import minigrad as mg
    >>> mg.ops.div(mg.tensor([1.0, -1.0]), mg.tensor([4.0, 2.0])).tolist()
    [0.25, -0.5]
    """
    return xp_of(x).true_divide(x, y, out=out)


div.vjp(x=lambda g, out, x, y: g / y, y=lambda g, out, x, y: -(g * out / y))


@op
def neg(x: Array, *, out: Array | None = None) -> Array:
    """-x.

    >>> import minigrad as mg
    >>> mg.ops.neg(mg.tensor([1.0, -2.0])).tolist()
    [-1.0, 2.0]
    """
    return xp_of(x).negative(x, out=out)


neg.vjp(x=lambda g, y, x: -g)


@op
def power(x: Array, y: Array) -> Array:
    """x to the power of y. The derivative with respect to y is x^y log x: NaN for x < 0, 0 for x = 0 <= y.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0, 3.0])
    >>> mg.ops.power(x, 2.0).tolist(), mg.grad(mg.ops.sum(mg.ops.power(x, 2.0)), [x])[0].tolist()
    ([1.0, 4.0, 9.0], [2.0, 4.0, 6.0])
    """
    if on_gpu(y):  # whose numbers the host would have to wait for
        return xp_of(x).power(x, y)
    return x ** (y.item() if y.ndim == 0 and x.dtype == y.dtype else y)


def _power_x(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return g * (y * x ** (y - constant(_one_less, x, y)))


def _one_less(x: Array, y: Array) -> Array:
    """1, but 0 where y x^(y - 1) would be 0 times infinity: x^0 stands in there, whose derivative is 0."""
    if not on_gpu(y) and y.all():
        return np.ones((), y.dtype)
    return 1 - ((y == 0) & (xp_of(x).abs(x) < np.finfo(x.dtype).tiny))


def _power_y(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return g * (out * log(where(constant(_stays_zero, x, y), 1.0, x)))


def _stays_zero(x: Array, y: Array) -> Array:
    """Where x^y is 0 or 1 beside exponents as large: log x, minus infinity, says nothing."""
    return (x == 0) & (y >= 0)


power.vjp(x=_power_x, y=_power_y)


@op
def square(x: Array, *, out: Array | None = None) -> Array:
    """x^2.

    >>> import minigrad as mg
    >>> x = mg.tensor(-3.0)
    >>> mg.ops.square(x).item(), mg.grad(mg.ops.square(x), [x])[0].item()
    (9.0, -6.0)
    """
    return xp_of(x).square(x, out=out)


square.vjp(x=lambda g, y, x: g * (x * 2.0))


@op(real=True)
def sqrt(x: Array, *, out: Array | None = None) -> Array:
    """The square root of x; its derivative 1 / (2 sqrt x) is infinite at 0.

    >>> import minigrad as mg
    >>> x = mg.tensor(4.0)
    >>> mg.ops.sqrt(x).item(), mg.grad(mg.ops.sqrt(x), [x])[0].item()
    (2.0, 0.25)
    """
    return xp_of(x).sqrt(x, out=out)


sqrt.vjp(x=lambda g, y, x: g / (y * 2.0))


@op(real=True)
def exp(x: Array, *, out: Array | None = None) -> Array:
    """e^x.

    >>> import minigrad as mg
    >>> mg.ops.exp(mg.tensor([0, 1])).numpy().round(3)  # integers are taken as float32
    array([1.   , 2.718], dtype=float32)
    """
    return xp_of(x).exp(x, out=out)


exp.vjp(x=lambda g, y, x: g * y)


@op(real=True)
def log(x: Array, *, out: Array | None = None) -> Array:
    """The natural logarithm of x.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 4.0])
    >>> mg.ops.log(x).numpy().round(3), mg.grad(mg.ops.sum(mg.ops.log(x)), [x])[0].tolist()
    (array([0.   , 1.386], dtype=float32), [1.0, 0.25])
    """
    return xp_of(x).log(x, out=out)


log.vjp(x=lambda g, y, x: g / x)


@op(real=True)
def log1p(x: Array, *, out: Array | None = None) -> Array:
    """log(1 + x), exact for small x.

    >>> import minigrad as mg
    >>> x = mg.tensor(1e-10)
    >>> f"{mg.ops.log1p(x):.1e}, {mg.ops.log(x + 1.0):.1e}"  # x + 1 rounds to 1
    '1.0e-10, 0.0e+00'
    """
    return xp_of(x).log1p(x, out=out)


log1p.vjp(x=lambda g, y, x: g / (x + 1.0))


@op(real=True)
def expm1(x: Array, *, out: Array | None = None) -> Array:
    """e^x - 1, exact for small x.

    >>> import minigrad as mg
    >>> x = mg.tensor(1e-10)
    >>> f"{mg.ops.expm1(x):.1e}, {mg.ops.exp(x) - 1.0:.1e}"  # e^x rounds to 1
    '1.0e-10, 0.0e+00'
    """
    return xp_of(x).expm1(x, out=out)


expm1.vjp(x=lambda g, y, x: g * (y + 1.0))


@op(real=True)
def sin(x: Array, *, out: Array | None = None) -> Array:
    """The sine of x radians.

    >>> import minigrad as mg
    >>> x = mg.tensor(0.0)
    >>> mg.ops.sin(x).item(), mg.grad(mg.ops.sin(x), [x])[0].item()
    (0.0, 1.0)
    """
    return xp_of(x).sin(x, out=out)


sin.vjp(x=lambda g, y, x: g * cos(x))


@op(real=True)
def cos(x: Array, *, out: Array | None = None) -> Array:
    """The cosine of x radians.

    >>> import minigrad as mg
    >>> x = mg.tensor(0.0)
    >>> mg.ops.cos(x).item(), mg.ops.abs(mg.grad(mg.ops.cos(x), [x])[0]).item()
    (1.0, 0.0)
    """
    return xp_of(x).cos(x, out=out)


cos.vjp(x=lambda g, y, x: -(g * sin(x)))


@op
def abs(x: Array, *, out: Array | None = None) -> Array:
    """|x|; its derivative at 0 is 0.

    >>> import minigrad as mg
    >>> x = mg.tensor([-2.0, 0.0, 3.0])
    >>> mg.ops.abs(x).tolist(), mg.grad(mg.ops.sum(mg.ops.abs(x)), [x])[0].tolist()
    ([2.0, 0.0, 3.0], [-1.0, 0.0, 1.0])
    """
    return xp_of(x).abs(x, out=out)


abs.vjp(x=lambda g, y, x: weighed(g, constant(_sign, x)))


def _sign(x: Array) -> Array:
    return xp_of(x).sign(x)


@op
def maximum(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """The larger of x and y; a tie gives each half of the gradient.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0, 3.0])
    >>> y = mg.ops.maximum(x, 2.0)
    >>> y.tolist(), mg.grad(mg.ops.sum(y), [x])[0].tolist()
    ([2.0, 2.0, 3.0], [0.0, 0.5, 1.0])
    """
    return xp_of(x).maximum(x, y, out=out)


maximum.vjp(
    x=lambda g, out, x, y: weighed(g, constant(_share, x, y, g.dtype)),
    y=lambda g, out, x, y: weighed(g, constant(_share, y, x, g.dtype)),
)


@op
def minimum(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """The smaller of x and y; a tie gives each half of the gradient.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0, 3.0])
    >>> y = mg.ops.minimum(x, 2.0)
    >>> y.tolist(), mg.grad(mg.ops.sum(y), [x])[0].tolist()
    ([1.0, 2.0, 2.0], [1.0, 0.5, 0.0])
    """
    return xp_of(x).minimum(x, y, out=out)


minimum.vjp(
    x=lambda g, out, x, y: weighed(g, constant(_share, y, x, g.dtype)),
    y=lambda g, out, x, y: weighed(g, constant(_share, x, y, g.dtype)),
)


def _share(x: Array, y: Array, dtype: np.dtype[Any]) -> Array:
    """1 where x is above y, a half where they are equal (also at infinity), else 0."""
    return xp_of(x).add(x > y, x >= y, dtype=dtype) / 2


@op
def where(condition: Array, x: Array, y: Array, *, out: Array | None = None) -> Array:
    """x where the bool ``condition`` holds, else y. Raises TypeError for a condition of another dtype.

    >>> import minigrad as mg
    >>> x = mg.tensor([-1.0, 4.0])
    >>> mg.ops.where(x > 0, mg.ops.sqrt(mg.ops.maximum(x, 0.0)), 0.0).tolist()
    [0.0, 2.0]
    """
    if condition.dtype != bool:
        raise TypeError(f"condition must be bool, got {condition.dtype}; compare first, as in x > 0")
    if x.dtype == y.dtype and x.dtype.char in FLOATS:
        return kernels_of(x).where(condition, x, y, out=out)
    chosen: Array = xp_of(x).where(condition, x, y)
    if out is None:
        return chosen
    out[...] = chosen
    return out


where.vjp(
    condition=None,
    x=lambda g, out, condition, x, y: where(condition, g, 0.0),
    y=lambda g, out, condition, x, y: where(condition, 0.0, g),
)


def weighed(g: Tensor, weight: Tensor) -> Tensor:
    """g ``weight``, and 0 where the weight is 0: a closed gate, where 0 times infinity would be NaN."""
    return where(constant(_is_open, weight), g, 0.0) * weight


def _is_open(weight: Array) -> Array:
    return weight != 0


@op(view=True)
def astype(x: Array, *, dtype: Any) -> Array:
    """x with another dtype; the gradient has x's own dtype again.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.5, -1.5])
    >>> mg.ops.astype(x, dtype="int64").tolist(), mg.ops.astype(x, dtype="float64").dtype.name
    ([1, -1], 'float64')
    """
    return x.astype(dtype, copy=False)


astype.vjp(x=lambda g, y, x, *, dtype: g)


@op(view=True)
def to_device(x: Array, *, device: str) -> Array:
    """x on ``device``, "cpu" or "cuda"; the gradient is on x's own again. ``Tensor.to`` calls it.

    >>> import minigrad as mg
    >>> mg.ops.to_device(mg.tensor([1.0]), device="cpu").device
    'cpu'
    """
    return devices.to_device(x, device)


to_device.vjp(x=lambda g, y, x, *, device: to_device(g, device=x.device))


def clip(x: Any, min: Any = None, max: Any = None) -> Tensor:
    """x limited to [min, max]: numbers or what broadcasts to x; None is no bound.

    The gradient goes to x where min <= x <= max, at the bounds too, and to the bound where x is beyond it. It
    is max where min > max, and NaN where x or a bound is.

    >>> import minigrad as mg
    >>> mg.ops.clip(mg.tensor([-1.0, 0.5, 3.0]), max=1.0).numpy().tolist()
    [-1.0, 0.5, 1.0]
    """
    y = x if isinstance(x, Tensor) else tensor(x)
    for bound, beyond in ((min, _is_below), (max, _is_above)):
        if bound is not None:
            if isinstance(bound, list | tuple):
                bound = tensor(bound, y.dtype if y.is_float else None, y.device)
            y = where(constant(beyond, y, bound), bound, y)
    return y


def _is_below(x: Array, bound: Any) -> Array:
    return (x < bound) | (bound != bound)  # NaN is no number's bound


def _is_above(x: Array, bound: Any) -> Array:
    return (x > bound) | (bound != bound)
