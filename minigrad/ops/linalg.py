"""Matrix products and the linear layer."""

from __future__ import annotations

from collections.abc import Callable

from minigrad.arguments import kernel_out
from minigrad.devices import xp_of
from minigrad.dispatch import kernels_of
from minigrad.fusion import fusion
from minigrad.op import op
from minigrad.ops.activation import (
    IDENTITY,
    before_activation,
    bias_leaky_relu_composed,
    bias_leaky_relu_grad,
    channel_sum,
)
from minigrad.ops.elementwise import add
from minigrad.ops.shape import expand_dims, squeeze, swapaxes
from minigrad.tensor import FLOATS, Tensor
from minigrad.types import Array

__all__ = ["linear", "matmul"]
INTERNAL = ["linear_composed"]

Lazy = Callable[[], Tensor]


@op
def matmul(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """x @ y as in numpy.matmul: (..., n, k) @ (..., k, m) -> (..., n, m); a 1-D side is a vector.

    Raises ValueError if the shapes do not fit.

    >>> import minigrad as mg
    >>> mg.ops.matmul(mg.tensor([[1.0, 2.0], [3.0, 4.0]]), mg.tensor([10.0, 1.0])).tolist()
    [12.0, 34.0]
    """
    if x.dtype == y.dtype and x.dtype.kind == "f":
        if x.ndim == y.ndim == 2 and x.shape[1] == y.shape[0]:
            return kernels_of(x).matmul(x, y, out=out)
        return kernels_of(x).stacked_matmul(x, y, out=out)
    return xp_of(x).matmul(x, y, out=out)


def _matmul_x(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Tensor:
    g, _, rhs = _as_matrices(g, x, y)
    gx = g @ swapaxes(rhs, -1, -2)  # (..., n, m) @ (..., m, k) -> (..., n, k)
    return squeeze(gx, -2) if x.ndim == 1 else gx


def _matmul_y(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Tensor:
    g, lhs, _ = _as_matrices(g, x, y)
    if y._data.flags.f_contiguous and not y._data.flags.c_contiguous:
        # the gradient of transpose(w) is then w's own, transposed: it lies in memory as w does
        return swapaxes(swapaxes(g, -1, -2) @ lhs, -1, -2)  # (m, n) @ (n, k) -> (m, k)
    gy = swapaxes(lhs, -1, -2) @ g  # (..., k, n) @ (..., n, m) -> (..., k, m)
    return squeeze(gy, -1) if y.ndim == 1 else gy


matmul.vjp(x=_matmul_x, y=_matmul_y)


def _as_matrices(g: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """g, x and y with a vector x made a row, a vector y made a column."""
    if y.ndim == 1:
        g, y = expand_dims(g, -1), expand_dims(y, -1)
    if x.ndim == 1:
        g, x = expand_dims(g, -2), expand_dims(x, 0)
    return g, x, y


@fusion(matmul, bias_leaky_relu_grad)
def matmul_gate(
    x: Array, y: Array, own: Array, *, slope: float, out: tuple[Array, tuple[Array]] | None = None
) -> tuple[Array, tuple[Array]]:
    """bias_leaky_relu_grad(x @ y, own): the gradient on its way through a linear layer and the one before."""
    if x.ndim == y.ndim == 2:
        z, sums = kernels_of(x).matmul_gate(x, y, own, slope, out=kernel_out(out))
        return z, (sums,)
    gated: tuple[Array, tuple[Array]] = bias_leaky_relu_grad.forward(
        matmul.forward(x, y), own, slope=slope, out=out
    )
    return gated


ADDED = 8  # rows, columns and terms, from which on a product takes less time with an addition than before one


def _adds(total: Array, x: Array, y: Array) -> bool:
    of_one_dtype = total.dtype == x.dtype == y.dtype and x.dtype.char in FLOATS
    if not of_one_dtype or not len(x.shape) == len(y.shape) == 2:
        return False
    return total.shape == (x.shape[0], y.shape[1]) and min(*x.shape, *y.shape) >= ADDED


@fusion(matmul, add, at=1, fits=_adds)
def matmul_add(total: Array, x: Array, y: Array, *, out: Array | None = None) -> Array:
    """total + x @ y: the gradient of weights that were used twice."""
    made: Array = kernels_of(x).matmul_add(total, x, y, out=out)
    return made


@op
def linear(x: Array, w: Array, b: Array, *, slope: float = IDENTITY, out: Array | None = None) -> Array:
    """leaky_relu(x w^T + b): x (n, i), w (o, i), b (o,) -> (n, o).

    ``slope`` is the factor of what is below 0, at least 0; with 1, the default, there is no activation.
    Raises ValueError for other shapes or a negative slope.

    >>> import minigrad as mg
    >>> x, w, b = mg.tensor([[1.0, 2.0]]), mg.tensor([[3.0, 4.0], [-3.0, -4.0]]), mg.tensor([0.0, 1.0])
    >>> mg.ops.linear(x, w, b).tolist(), mg.ops.linear(x, w, b, slope=0.5).tolist()
    ([[11.0, -10.0]], [[11.0, -5.0]])
    """
    if x.ndim != 2 or w.ndim != 2 or x.shape[1] != w.shape[1] or b.shape != w.shape[:1]:
        raise ValueError("x must be (n, i), w (o, i) and b (o,)")
    if slope < 0:
        raise ValueError("slope must be at least 0, so that the output tells the sign of x w^T + b")
    return kernels_of(x).linear(x, w, b, slope, out=out)


def _linear_rule(
    g: Tensor, y: Tensor, x: Tensor, w: Tensor, b: Tensor, *, slope: float
) -> tuple[Lazy, Lazy, Lazy]:
    g, sums = before_activation(g, y, slope=slope)
    return (
        lambda: g @ w,  # (n, o) @ (o, i) -> (n, i)
        lambda: swapaxes(g, 0, 1) @ x,  # (o, n) @ (n, i) -> (o, i)
        lambda: channel_sum(g, known=sums),
    )


linear.vjp_jointly(_linear_rule)


def linear_composed(x: Tensor, w: Tensor, b: Tensor, *, slope: float = IDENTITY) -> Tensor:
    """linear written in other ops: the definition to read and the oracle of the kernel."""
    return bias_leaky_relu_composed(x @ swapaxes(w, 0, 1), b, slope=slope)
