"""tinygrad's functions of our kernels' arguments, for its kernels and its steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinygrad import Tensor

from minigrad.kernels.geometry import Geometry


def place(a: np.ndarray[Any, Any], device: str) -> Tensor:  # noqa: ARG001
    """A NumPy array as tinygrad's, with its numbers in C order."""
    return Tensor(np.array(a, order="C")).contiguous().realize()


def convolved(x: Tensor, w: Tensor, geometry: Geometry) -> Tensor:
    """x (n, c, h, w), w (o, c / groups, kh, kw) -> (n, o, oh, ow)."""
    stride, padding, dilation, groups = geometry
    return x.conv2d(w, None, groups, stride, dilation, padding)


def transposed(g: Tensor, w: Tensor, size: Any, geometry: Geometry) -> Tensor:
    """A transposed convolution whose result has the size, which is a convolution's input gradient."""
    stride, padding, dilation, groups = geometry
    rest = [
        side - ((near - 1) * s - 2 * p + d * (k - 1) + 1)
        for side, near, k, s, p, d in zip(
            size, g.shape[2:], w.shape[2:], stride, padding, dilation, strict=True
        )
    ]
    return g.conv_transpose2d(w, None, groups, stride, dilation, padding, rest)


def weight_gradient(x: Tensor, g: Tensor, kernel: Any, geometry: Geometry) -> Tensor:
    """The gradient of a convolution, which is linear, at weights of zero."""
    w = Tensor.zeros(g.shape[1], x.shape[1] // geometry.groups, *kernel).contiguous()
    return convolved(x, w, geometry).gradient(w, gradient=g)[0]


def leaky(x: Tensor, slope: float) -> Tensor:
    """max(x, 0) + slope * min(x, 0)."""
    return (x > 0).where(x, slope * x)


def normed(x: Tensor, scale: Tensor, shift: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Batch norm of x (n, c, ...): the result, mean and biased variance of each channel."""
    axes, places = (0, *range(2, x.ndim)), (1, -1, *[1] * (x.ndim - 2))
    mean = x.mean(axes)
    centred = x - mean.reshape(places)
    var = centred.square().mean(axes)
    y = centred * ((var + eps).rsqrt() * scale).reshape(places) + shift.reshape(places)
    return y, mean, var
