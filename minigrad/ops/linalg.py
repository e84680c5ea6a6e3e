"""Matrix products."""

from __future__ import annotations

from minigrad.backend import Array, kernels_of, xp_of
from minigrad.op import op
from minigrad.ops.shape import expand_dims, squeeze, swapaxes
from minigrad.tensor import Tensor


@op
def matmul(x: Array, y: Array, *, out: Array | None = None) -> Array:
    """x @ y as in numpy.matmul: (..., n, k) @ (..., k, m) -> (..., n, m); a 1-D side is a vector."""
    if x.ndim == y.ndim == 2 and x.shape[1] == y.shape[0] and x.dtype == y.dtype and x.dtype.kind == "f":
        return kernels_of(x).matmul(x, y, out=out)
    return xp_of(x).matmul(x, y, out=out)


def _matmul_x(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Tensor:
    g, _, rhs = _as_matrices(g, x, y)
    gx = matmul(g, swapaxes(rhs, -1, -2))  # (..., n, m) @ (..., m, k) -> (..., n, k)
    return squeeze(gx, -2) if x.ndim == 1 else gx


def _matmul_y(g: Tensor, out: Tensor, x: Tensor, y: Tensor) -> Tensor:
    g, lhs, _ = _as_matrices(g, x, y)
    if y._data.flags.f_contiguous and not y._data.flags.c_contiguous:
        # the gradient of transpose(w) is then w's own, transposed: it lies in memory as w does
        return swapaxes(matmul(swapaxes(g, -1, -2), lhs), -1, -2)  # (m, n) @ (n, k) -> (m, k)
    gy = matmul(swapaxes(lhs, -1, -2), g)  # (..., k, n) @ (..., n, m) -> (..., k, m)
    return squeeze(gy, -1) if y.ndim == 1 else gy


matmul.vjp(x=_matmul_x, y=_matmul_y)


def _as_matrices(g: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """g, x and y with a vector x made a row, a vector y made a column."""
    if y.ndim == 1:
        g, y = expand_dims(g, -1), expand_dims(y, -1)
    if x.ndim == 1:
        g, x = expand_dims(g, -2), expand_dims(x, 0)
    return g, x, y
