"""The three convolutions on the CPU: each checks its arrays; ``forward`` and ``gradient`` choose the way."""

from __future__ import annotations

from minigrad.kernels.checks import output
from minigrad.kernels.cpu.bias import NO_EPILOGUE, Epilogue, epilogue_of
from minigrad.kernels.cpu.conv.forward import convolve, finish
from minigrad.kernels.cpu.conv.gradient import sum_weights
from minigrad.kernels.cpu.conv.tables import SizedGeometry
from minigrad.kernels.cpu.runtime.compiling import checked
from minigrad.kernels.geometry import Geometry, check_convolution, conv2d_shape
from minigrad.kernels.moments import moments_of
from minigrad.types import Array, Both, Pair

__all__ = [
    "conv2d", "conv2d_bias_leaky_relu", "conv2d_moments", "conv2d_weight", "conv_transpose2d",
    "conv_transpose2d_moments", "conv_transpose2d_scale_bias_leaky_relu",
]  # fmt: skip


def conv2d(x: Array, w: Array, geometry: Geometry, *, out: Array | None = None) -> Array:
    """y[n, o, p] = sum over c, i of w[o, c, i] x[n, c, p * stride + i * dilation - padding].

    x (n, c, h, w), w (o, c / groups, kh, kw) -> y (n, o, oh, ow), in ``out`` if given. ValueError if the
    shapes do not fit, TypeError unless both are float32 or both float64.
    """
    checked("conv2d", x, w)
    return _conv2d("conv2d", x, w, geometry, NO_EPILOGUE[x.dtype], out)


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
    if b.shape != w.shape[:1]:
        raise ValueError(f"conv2d_bias_leaky_relu: w {w.shape} needs a bias {w.shape[:1]}; got {b.shape}")
    return _conv2d("conv2d_bias_leaky_relu", x, w, geometry, epilogue_of(b, slope), out)


def conv2d_moments(x: Array, w: Array, geometry: Geometry, *, out: Both | None = None) -> Both:
    """y = conv2d(x, w), and its moments for the batch norm behind it: float64 (3, pieces, o).

    Each channel of y is split into pieces. A piece has its count, its mean and its sum of squared deviations,
    all zero if it is empty. Here a channel is one piece, computed in NumPy: batch norm's own first pass warms
    the cache for its second. ``out`` is (y, moments); raises as conv2d.
    """
    checked("conv2d_moments", x, w)
    return _with_moments("conv2d_moments", conv2d(x, w, geometry), out)


def _with_moments(name: str, y: Array, out: Both | None) -> Both:
    moments = moments_of(y)
    if out is None:
        return y, moments
    for given, made in zip(out, (y, moments), strict=True):
        output(name, given, made.shape, made.dtype)[...] = made
    return out


def _conv2d(
    name: str,
    x: Array,
    w: Array,
    geometry: Geometry,
    epilogue: Epilogue,
    out: Array | None,
) -> Array:
    y = output(name, out, conv2d_shape(x.shape, w.shape, geometry), x.dtype)
    sized = _sized(x, y, _size(w), geometry)
    if x.shape[1] == 0 or y.size == 0:
        y.fill(0)
        finish(y, epilogue)
    else:
        convolve(x, w, y, sized, geometry.groups, epilogue, transposed=False)
    return y


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
    """
    checked("conv_transpose2d", x, w)
    return _conv_transpose2d("conv_transpose2d", x, w, size, geometry, NO_EPILOGUE[x.dtype], out)


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
    """y = scale_bias_leaky_relu(conv_transpose2d(x, w), s, b), as these round it, with s and b (o,).

    Raises as conv_transpose2d, and ValueError if s or b does not fit.
    """
    name = "conv_transpose2d_scale_bias_leaky_relu"
    checked(name, x, w, s, b)
    channels = (w.shape[1] * geometry.groups,)
    if not s.shape == b.shape == channels:
        raise ValueError(
            f"{name}: w {w.shape} needs a scale and a bias {channels}; got {s.shape} and {b.shape}"
        )
    return _conv_transpose2d(name, x, w, size, geometry, epilogue_of(b, slope, s), out)


def _conv_transpose2d(
    name: str,
    x: Array,
    w: Array,
    size: Pair,
    geometry: Geometry,
    epilogue: Epilogue,
    out: Array | None,
) -> Array:
    shape = (x.shape[0], w.shape[1] * geometry.groups, *size)
    check_convolution(name, shape, x.shape, w.shape, geometry)
    y = output(name, out, shape, x.dtype)
    sized = _sized(y, x, _size(w), geometry)
    if x.size == 0 or y.size == 0:
        y.fill(0)
        finish(y, epilogue)
    else:
        convolve(x, w, y, sized, geometry.groups, epilogue, transposed=True)
    return y


def conv_transpose2d_moments(
    x: Array,
    w: Array,
    size: Pair,
    geometry: Geometry,
    *,
    out: Both | None = None,
) -> Both:
    """y = conv_transpose2d(x, w), and its moments as conv2d_moments gives them."""
    checked("conv_transpose2d_moments", x, w)
    y = conv_transpose2d(x, w, size, geometry)
    return _with_moments("conv_transpose2d_moments", y, out)


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
    """
    checked("conv2d_weight", x, g)
    shape = (g.shape[1], x.shape[1] // geometry.groups, *kernel)
    check_convolution("conv2d_weight", x.shape, g.shape, shape, geometry)
    gw = output("conv2d_weight", out, shape, x.dtype)
    if gw.size == 0 or g.size == 0:
        gw.fill(0)
        return gw
    sum_weights(x, g, gw, _sized(x, g, kernel, geometry), geometry.groups)
    return gw


def _sized(large: Array, small: Array, kernel: Pair, geometry: Geometry) -> SizedGeometry:
    return SizedGeometry(_size(large), _size(small), kernel, *geometry[:3])


def _size(a: Array) -> Pair:
    return a.shape[2], a.shape[3]
