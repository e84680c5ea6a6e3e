"""Convolutions whose kernel is as large as the image: with one place, each of the three is a product."""

from __future__ import annotations

from minigrad.kernels.cpu.conv.tables import SizedGeometry
from minigrad.kernels.cpu.gemm.kernels import matmul
from minigrad.types import Array


def fits(geometry: SizedGeometry, groups: int) -> bool:
    """Whether every tap meets its own pixel at the only place."""
    shapes = geometry.places == (1, 1) and geometry.kernel == geometry.size and geometry.padding == (0, 0)
    moves = [d for d, k in zip(geometry.dilation, geometry.kernel, strict=True) if k > 1]
    return shapes and groups == 1 and all(d == 1 for d in moves)


def conv2d(x: Array, w: Array, y: Array) -> None:
    """y (n, o, 1, 1) of x (n, c, kh, kw) and w (o, c, kh, kw)."""
    # (n, c*kh*kw) @ (c*kh*kw, o) -> (n, o)
    matmul(x.reshape(len(x), -1), w.reshape(len(w), -1).T, out=y.reshape(len(y), -1))


def conv_transpose2d(x: Array, w: Array, y: Array) -> None:
    """y (n, o, kh, kw) of x (n, c, 1, 1) and w (c, o, kh, kw)."""
    # (n, c) @ (c, o*kh*kw) -> (n, o*kh*kw)
    matmul(x.reshape(len(x), -1), w.reshape(len(w), -1), out=y.reshape(len(y), -1))


def conv2d_weight(x: Array, g: Array, gw: Array) -> None:
    """gw (o, c, kh, kw) of x (n, c, kh, kw) and g (n, o, 1, 1)."""
    # (o, n) @ (n, c*kh*kw) -> (o, c*kh*kw)
    matmul(g.reshape(len(g), -1).T, x.reshape(len(x), -1), out=gw.reshape(len(gw), -1))
