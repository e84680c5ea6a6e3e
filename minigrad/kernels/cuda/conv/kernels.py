"""The convolution and its adjoints: each checks its arrays and chooses a way to compute them.

direct       one channel on a side
pipelined    float32
simple       every size and dtype
"""

from __future__ import annotations

from typing import Protocol

from minigrad.kernels.cuda.bias import scale_bias_leaky_relu
from minigrad.kernels.cuda.conv import direct, pipelined, simple
from minigrad.kernels.cuda.conv.arrays import Convolution, check_taps
from minigrad.kernels.cuda.norm.moments import slice_moments
from minigrad.kernels.cuda.runtime.arrays import checked, output
from minigrad.kernels.geometry import Geometry, check_convolution, conv2d_shape
from minigrad.types import Array, Both, Pair

__all__ = [
    "conv2d", "conv2d_bias_leaky_relu", "conv2d_moments", "conv2d_weight", "conv_transpose2d",
    "conv_transpose2d_moments", "conv_transpose2d_scale_bias_leaky_relu",
]  # fmt: skip


class Way(Protocol):
    """A module that computes convolutions."""

    def conv2d(self, case: Convolution, b: Array | None, slope: float) -> None:
        """small = conv2d(large, w), or leaky_relu(conv2d(large, w) + b)."""

    def conv_transpose2d(self, case: Convolution) -> None:
        """large = conv_transpose2d(small, w)."""

    def conv2d_weight(self, case: Convolution) -> None:
        """w = conv2d_weight(large, small)."""


def way_for(case: Convolution) -> Way:
    """The fastest module that can compute these arrays."""
    if direct.fits(case):
        return direct
    return pipelined if pipelined.fits(case) else simple


def conv2d(x: Array, w: Array, geometry: Geometry, *, out: Array | None = None) -> Array:
    """y[n, o, p] = sum over c, i of w[o, c, i] x[n, c, p * stride + i * dilation - padding].

    x (n, c, h, w), w (o, c / groups, kh, kw) -> y (n, o, oh, ow), in ``out`` if given. ValueError if the
    shapes do not fit, TypeError unless both are float32 or both float64.
    """
    checked("conv2d", x, w)
    shape = conv2d_shape(x.shape, w.shape, geometry)
    y = output("conv2d", out, shape, x)
    case = Convolution(x, w, y, geometry)
    way_for(case).conv2d(case, None, 1)
    return y


def conv2d_bias_leaky_relu(
    x: Array,
    w: Array,
    b: Array,
    geometry: Geometry,
    slope: float,
    *,
    out: Array | None = None,
) -> Array:
    """y = leaky_relu(conv2d(x, w) + b[o]) with b (o,); a slope of 1 is no activation. Raises as conv2d."""
    checked("conv2d_bias_leaky_relu", x, w, b)
    shape = conv2d_shape(x.shape, w.shape, geometry)
    if b.shape != w.shape[:1]:  # before anything is written
        raise ValueError(f"conv2d_bias_leaky_relu: w {w.shape} needs a bias {w.shape[:1]}; got {b.shape}")
    y = output("conv2d_bias_leaky_relu", out, shape, x)
    case = Convolution(x, w, y, geometry)
    way_for(case).conv2d(case, b, slope)
    return y


def conv2d_moments(x: Array, w: Array, geometry: Geometry, *, out: Both | None = None) -> Both:
    """y = conv2d(x, w), and its moments for the batch norm behind it: float64 (3, pieces, o).

    The elements of each channel of y are split into pieces. The moments of a piece are the count of its
    elements, their mean and the sum of their squared distances from it; all are zero for an empty piece.
    ``pipelined`` computes them with its tiles or with the sum of its shares, other ways in a pass over y.
    ``out`` is (y, moments); raises as conv2d.
    """
    checked("conv2d_moments", x, w)
    shape = conv2d_shape(x.shape, w.shape, geometry)
    given, given_moments = out or (None, None)
    y = output("conv2d_moments", given, shape, x)
    case = Convolution(x, w, y, geometry)
    way = way_for(case)
    if way is pipelined:
        return y, pipelined.conv2d_moments(case, given_moments)
    way.conv2d(case, None, 1)
    return y, slice_moments("conv2d_moments", y, given_moments)


def conv_transpose2d(
    x: Array,
    w: Array,
    size: Pair,
    geometry: Geometry,
    *,
    out: Array | None = None,
) -> Array:
    """The adjoint of conv2d by x: y[n, o, p * stride + i * dilation - padding] += w[c, o, i] x[n, c, p].

    x (n, c, h, w), w (c, o / groups, kh, kw) -> y (n, o, *size), in ``out`` if given. ``size`` is any size on
    which conv2d takes at least (h, w) places; ValueError otherwise. TypeError unless both are float32 or both
    float64.

    Outputs at equal distance from a multiple of the stride are a phase: they meet the same taps, and are one
    product.
    """
    checked("conv_transpose2d", x, w)
    n, o = x.shape[0], w.shape[1] * geometry.groups
    check_convolution("conv_transpose2d", (n, o, *size), x.shape, w.shape, geometry)
    y = output("conv_transpose2d", out, (n, o, *size), x)
    case = Convolution(y, w, x, geometry)
    way_for(case).conv_transpose2d(case)
    return y


def conv_transpose2d_scale_bias_leaky_relu(
    x: Array,
    w: Array,
    s: Array,
    b: Array,
    size: Pair,
    geometry: Geometry,
    slope: float,
    *,
    out: Array | None = None,
) -> Array:
    """y = scale_bias_leaky_relu(conv_transpose2d(x, w), s, b), as these round it, with s and b (o,)."""
    checked("conv_transpose2d_scale_bias_leaky_relu", x, w, s, b)
    y = conv_transpose2d(x, w, size, geometry)
    return scale_bias_leaky_relu(y, s, b, slope, out=out)


def conv_transpose2d_moments(
    x: Array,
    w: Array,
    size: Pair,
    geometry: Geometry,
    *,
    out: Both | None = None,
) -> Both:
    """y = conv_transpose2d(x, w), and its moments as conv2d_moments gives them; each phase has its pieces."""
    checked("conv_transpose2d_moments", x, w)
    n, o = x.shape[0], w.shape[1] * geometry.groups
    check_convolution("conv_transpose2d", (n, o, *size), x.shape, w.shape, geometry)
    given, given_moments = out or (None, None)
    y = output("conv_transpose2d_moments", given, (n, o, *size), x)
    case = Convolution(y, w, x, geometry)
    way = way_for(case)
    if way is pipelined:
        return y, pipelined.conv_transpose2d_moments(case, given_moments)
    way.conv_transpose2d(case)
    return y, slice_moments("conv_transpose2d_moments", y, given_moments)


def conv2d_weight(
    x: Array,
    g: Array,
    kernel: Pair,
    geometry: Geometry,
    *,
    out: Array | None = None,
) -> Array:
    """The adjoint of conv2d by w: gw[o, c, i] += g[n, o, p] x[n, c, p * stride + i * dilation - padding].

    x (n, c, h, w), g (n, o, oh, ow) -> gw (o, c / groups, *kernel), in ``out`` if given, summed over n and
    the places p of ``g``, which may leave out the last ones that the kernel could take on x, never have more
    (ValueError). TypeError unless both are float32 or both float64.

    Blocks sum shares of a number that depends on the shapes; a second kernel adds the shares in order.
    """
    checked("conv2d_weight", x, g)
    o = g.shape[1]
    shape = (o, x.shape[1] // geometry.groups, *kernel)
    check_convolution("conv2d_weight", x.shape, g.shape, shape, geometry)
    check_taps(shape[1], kernel)  # before a result of this size is made
    gw = output("conv2d_weight", out, shape, x)
    case = Convolution(x, gw, g, geometry)
    way_for(case).conv2d_weight(case)
    return gw
