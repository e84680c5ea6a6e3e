"""The convolution family: three ops that are each other's derivatives.

``<conv2d(x, w), y> = <x, conv_transpose2d(y, w)> = <w, conv2d_weight(x, y)>`` is one trilinear form, so the
derivatives of each member are the other two and three kernels give every order. Two of them have a twin that
also computes the moments of its result, for the batch norm behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.arguments import kernel_out
from minigrad.dispatch import kernels_of
from minigrad.fusion import fusion
from minigrad.kernels.geometry import Geometry
from minigrad.op import op
from minigrad.ops.activation import (
    before_activation,
    bias_leaky_relu_composed,
    channel_sum,
    scale_bias_leaky_relu,
    scales_channels,
)
from minigrad.ops.shape import getitem, pad_constant
from minigrad.tensor import Tensor
from minigrad.types import Array

__all__ = ["conv2d", "conv2d_bias_leaky_relu", "conv2d_weight", "conv_transpose2d"]
INTERNAL = ["conv2d_bias_leaky_relu_composed", "conv2d_moments", "conv_transpose2d_moments"]

PerAxis = int | tuple[int, int]
WithMoments = tuple[Array, tuple[Array]]


@op
def conv2d(
    x: Array,
    w: Array,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    out: Array | None = None,
) -> Array:
    """Cross-correlation of x (n, c, h, w) with w (o, c/groups, kh, kw), giving (n, o, oh, ow).

    y[n, o, i, j] = sum over c, p, q of w[o, c, p, q]
    x[n, c, i stride + p dilation - padding, j stride + q dilation - padding],
    with oh = (h + 2 padding - dilation (kh - 1) - 1) // stride + 1. Settings are ints or pairs (h, w).

    On the CPU, float32 with 4x4 kernels, stride 2 and many channels uses Winograd's algorithm, as do
    conv_transpose2d and the weight gradient. The rounding error of an output is then 1e-6 of its greatest |w|
    times the sum of the |x| that it reads. A brighter pixel nearby makes the error as many times larger, to
    1e-4 at most. An image is multiplied directly if a pixel is over 512 times as bright as all that an output
    beside it reads, or is not finite. MINIGRAD_WINOGRAD=0 in the environment turns the algorithm off.

    Raises ValueError if shapes, groups or settings do not fit, TypeError unless x and w are floats.

    >>> import minigrad as mg
    >>> x = mg.tensor([[[[1.0, 2.0, 4.0, 8.0]]]])  # (1, 1, 1, 4)
    >>> w = mg.tensor([[[[-1.0, 1.0]]]])  # (1, 1, 1, 2)
    >>> mg.ops.conv2d(x, w).tolist(), mg.ops.conv2d(x, w, stride=2).tolist()
    ([[[[1.0, 2.0, 4.0]]]], [[[[1.0, 4.0]]]])
    """
    geometry = _geometry(stride, padding, dilation, groups)
    _check_conv2d(x, w, geometry)
    return kernels_of(x).conv2d(x, w, geometry, out=out)


@op
def conv2d_moments(
    x: Array,
    w: Array,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    out: WithMoments | None = None,
) -> WithMoments:
    """conv2d(x, w) with the moments of its result, for the batch norm behind it.

    ``saved_moments`` of the result are for ``batch_norm(..., moments=)``. They are float64, (3, pieces, o):
    the elements of each channel lie in pieces, and each piece has its count, its mean and its sum of squared
    deviations from that mean.
    """
    geometry = _geometry(stride, padding, dilation, groups)
    _check_conv2d(x, w, geometry)
    y, moments = kernels_of(x).conv2d_moments(x, w, geometry, out=kernel_out(out))
    return y, (moments,)


def saved_moments(y: Tensor) -> Array:
    """The moments of y, which conv2d_moments or conv_transpose2d_moments has made."""
    assert y.saved is not None
    return y.saved[0]


@op
def conv2d_bias_leaky_relu(
    x: Array,
    w: Array,
    b: Array,
    *,
    slope: float,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    out: Array | None = None,
) -> Array:
    """leaky_relu(conv2d(x, w) + b): x (n, c, h, w), w (o, c/groups, kh, kw), b (o,) -> (n, o, oh, ow).

    ``slope`` is the factor of what is below 0, at least 0; with 1 there is no activation. The other settings
    are those of conv2d. Raises as conv2d, and ValueError for a negative slope.

    >>> import minigrad as mg
    >>> x, w = mg.tensor([[[[1.0, 2.0, 4.0, 8.0]]]]), mg.tensor([[[[-1.0, 1.0]]]])
    >>> mg.ops.conv2d_bias_leaky_relu(x, w, mg.tensor([-2.0]), slope=0.5).tolist()  # [1, 2, 4] - 2
    [[[[-0.5, 0.0, 2.0]]]]
    """
    geometry = _geometry(stride, padding, dilation, groups)
    _check_conv2d(x, w, geometry)
    if b.shape != w.shape[:1]:
        raise ValueError(f"b must be {w.shape[:1]}, one number for each output channel, got {b.shape}")
    if slope < 0:
        raise ValueError("slope must be at least 0, so that the output tells the sign of conv2d(x, w) + b")
    return kernels_of(x).conv2d_bias_leaky_relu(x, w, b, geometry, slope, out=out)


@op
def conv_transpose2d(
    x: Array,
    w: Array,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    out: Array | None = None,
) -> Array:
    """The adjoint of conv2d: x (n, c, h, w) with w (c, o/groups, kh, kw), giving (n, o, oh, ow).

    y[n, o, i stride + p dilation - padding, j stride + q dilation - padding] += x[n, c, i, j] w[c, o, p, q],
    with oh = (h - 1) stride - 2 padding + dilation (kh - 1) + output_padding + 1. Settings are ints or pairs
    (h, w). Raises as conv2d, and has the same errors of rounding.

    >>> import minigrad as mg
    >>> x, w = mg.tensor([[[[1.0, 10.0]]]]), mg.tensor([[[[1.0, 2.0]]]])  # (1, 1, 1, 2), (1, 1, 1, 2)
    >>> mg.ops.conv_transpose2d(x, w).tolist(), mg.ops.conv_transpose2d(x, w, stride=2).tolist()
    ([[[[1.0, 12.0, 20.0]]]], [[[[1.0, 2.0, 10.0, 20.0]]]])
    """
    geometry = _geometry(stride, padding, dilation, groups)
    size = _conv_transpose2d_size(x, w, geometry, output_padding)
    return kernels_of(x).conv_transpose2d(x, w, size, geometry, out=out)


@op
def conv_transpose2d_moments(
    x: Array,
    w: Array,
    *,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    out: WithMoments | None = None,
) -> WithMoments:
    """conv_transpose2d(x, w) with the moments of its result, as conv2d_moments."""
    geometry = _geometry(stride, padding, dilation, groups)
    size = _conv_transpose2d_size(x, w, geometry, output_padding)
    y, moments = kernels_of(x).conv_transpose2d_moments(x, w, size, geometry, out=kernel_out(out))
    return y, (moments,)


@op
def conv2d_weight(
    x: Array,
    g: Array,
    *,
    kernel: PerAxis,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
    out: Array | None = None,
) -> Array:
    """The gradient of conv2d's weight: x (n, c, h, w) with g (n, o, oh, ow), giving (o, c/groups, kh, kw).

    gw[o, c, p, q] = sum over n, i, j of g[n, o, i, j]
    x[n, c, i stride + p dilation - padding, j stride + q dilation - padding]. ``kernel`` is (kh, kw) or both;
    raises as conv2d.

    The error of Winograd's algorithm (see conv2d) is up to 1e-5 of the greatest |g| times the greatest |x|.
    With a patch of g and one of x that do not meet, 1e3 times as bright as the rest, it is 3e-4 of the sum of
    the products' magnitudes; at 1e5 times, 6e-3. That of the direct product is 2e-6.

    >>> import minigrad as mg
    >>> x, w = mg.tensor([[[[1.0, 2.0, 4.0]]]]), mg.tensor([[[[-1.0, 1.0]]]])
    >>> y = mg.ops.conv2d(x, w)
    >>> mg.ops.conv2d_weight(x, mg.ones_like(y), kernel=(1, 2)).tolist()
    [[[[3.0, 6.0]]]]
    >>> mg.grad(mg.ops.sum(y), [w])[0].tolist()  # the same
    [[[[3.0, 6.0]]]]
    """
    geometry = _geometry(stride, padding, dilation, groups)
    if x.ndim != 4 or g.ndim != 4 or x.shape[0] != g.shape[0]:
        raise ValueError("x must be (n, c, h, w) and g (n, o, oh, ow) with the same n")
    _check_groups(x.shape[1], groups)
    _check_groups(g.shape[1], groups)
    size = pair("kernel", kernel, least=1)
    for o, i, k, (s, p, d) in zip(g.shape[2:], x.shape[2:], size, geometry.axes(), strict=True):
        if (o - 1) * s + d * (k - 1) + 1 > i + 2 * p:
            raise ValueError(
                f"g of length {o} is too long for x of length {i}, kernel {k}, stride {s}, padding {p}"
            )
    return kernels_of(x).conv2d_weight(x, g, size, geometry, out=out)


def _conv2d_x(g: Tensor, y: Tensor, x: Tensor, w: Tensor, **settings: Any) -> Tensor:
    return _input_of(g, w, x, settings)


def _conv2d_w(g: Tensor, y: Tensor, x: Tensor, w: Tensor, **settings: Any) -> Tensor:
    return conv2d_weight(x, g, kernel=w.shape[2:], **settings)


def _conv_transpose2d_x(
    g: Tensor, y: Tensor, x: Tensor, w: Tensor, *, output_padding: PerAxis, **settings: Any
) -> Tensor:
    return _output_of(g, w, x, settings)


def _conv_transpose2d_w(
    g: Tensor, y: Tensor, x: Tensor, w: Tensor, *, output_padding: PerAxis, **settings: Any
) -> Tensor:
    return conv2d_weight(g, x, kernel=w.shape[2:], **settings)


def _conv2d_weight_x(
    gw: Tensor, y: Tensor, x: Tensor, g: Tensor, *, kernel: PerAxis, **settings: Any
) -> Tensor:
    return _input_of(g, gw, x, settings)


def _conv2d_weight_g(
    gw: Tensor, y: Tensor, x: Tensor, g: Tensor, *, kernel: PerAxis, **settings: Any
) -> Tensor:
    return _output_of(x, gw, g, settings)


def _conv2d_bias_leaky_relu_rule(
    g: Tensor, y: Tensor, x: Tensor, w: Tensor, b: Tensor, *, slope: float, **settings: Any
) -> tuple[Callable[[], Tensor], ...]:
    g, sums = before_activation(g, y, slope=slope)
    return (
        lambda: _input_of(g, w, x, settings),
        lambda: conv2d_weight(x, g, kernel=w.shape[2:], **settings),
        lambda: channel_sum(g, known=sums),
    )


conv2d.vjp(x=_conv2d_x, w=_conv2d_w)
conv2d_moments.vjp(x=_conv2d_x, w=_conv2d_w)
conv2d_bias_leaky_relu.vjp_jointly(_conv2d_bias_leaky_relu_rule)
conv_transpose2d.vjp(x=_conv_transpose2d_x, w=_conv_transpose2d_w)
conv_transpose2d_moments.vjp(x=_conv_transpose2d_x, w=_conv_transpose2d_w)
conv2d_weight.vjp(x=_conv2d_weight_x, g=_conv2d_weight_g)


def _input_of(y: Tensor, w: Tensor, x: Tensor, settings: dict[str, Any]) -> Tensor:
    """conv_transpose2d of y with w onto the shape of x, the input of a conv2d."""
    geometry = _geometry(**settings)
    extra = tuple(
        size - ((i - 1) * s - 2 * p + d * (k - 1) + 1)
        for size, i, k, (s, p, d) in zip(x.shape[2:], y.shape[2:], w.shape[2:], geometry.axes(), strict=True)
    )
    if any(e >= max(s, d) for e, (s, _, d) in zip(extra, geometry.axes(), strict=True)):
        more = tuple((0, e // s) for e, s in zip(extra, geometry.stride, strict=True))
        y = pad_constant(y, pad_width=((0, 0), (0, 0), *more))
        extra = tuple(e % s for e, s in zip(extra, geometry.stride, strict=True))
    return conv_transpose2d(y, w, output_padding=extra, **settings)


def _output_of(x: Tensor, w: Tensor, y: Tensor, settings: dict[str, Any]) -> Tensor:
    """conv2d of x with w, cut to the shape of y: with an output_padding of stride or more it is larger."""
    full = conv2d(x, w, **settings)
    if full.shape == y.shape:
        return full
    return getitem(full, index=(slice(None), slice(None), slice(y.shape[2]), slice(y.shape[3])))


def conv2d_bias_leaky_relu_composed(
    x: Tensor, w: Tensor, b: Tensor, *, slope: float, **settings: Any
) -> Tensor:
    """conv2d_bias_leaky_relu written in other ops: the definition to read and the oracle of the kernel."""
    return bias_leaky_relu_composed(conv2d(x, w, **settings), b, slope=slope)


@fusion(conv_transpose2d, scale_bias_leaky_relu)
def conv_transpose2d_scale_bias_leaky_relu(
    x: Array,
    w: Array,
    s: Array,
    b: Array,
    *,
    slope: float,
    out: Array | None = None,
    **settings: Any,
) -> Array:
    """leaky_relu(conv_transpose2d(x, w) * s + b): a transposed convolution and batch norm in evaluation."""
    geometry = _geometry(*[settings[name] for name in ("stride", "padding", "dilation", "groups")])
    size = _conv_transpose2d_size(x, w, geometry, settings["output_padding"])
    if not scales_channels(s, (len(x), len(b), *size), x, w, b):
        return scale_bias_leaky_relu(conv_transpose2d.forward(x, w, **settings), s, b, slope=slope, out=out)
    kernel = kernels_of(x).conv_transpose2d_scale_bias_leaky_relu
    return kernel(x, w, s.reshape(-1), b, size, geometry, slope, out=out)


def pair(name: str, value: PerAxis, *, least: int) -> tuple[int, int]:
    """``value`` as (h, w); an int stands for both."""
    both = (value, value) if isinstance(value, int | np.integer) else tuple(value)
    if len(both) != 2 or any(v < least for v in both):
        raise ValueError(f"{name} must be an int of at least {least} or a pair of them, got {value!r}")
    return int(both[0]), int(both[1])


def _geometry(stride: PerAxis, padding: PerAxis, dilation: PerAxis, groups: int) -> Geometry:
    return Geometry(
        pair("stride", stride, least=1),
        pair("padding", padding, least=0),
        pair("dilation", dilation, least=1),
        groups,
    )


def _check_conv2d(x: Array, w: Array, geometry: Geometry) -> None:
    _check(x, w, w.shape[1] * geometry.groups if w.ndim == 4 else 0, "(o, c/groups, kh, kw)")
    _check_groups(w.shape[0], geometry.groups)
    for size, k, (_, p, d) in zip(x.shape[2:], w.shape[2:], geometry.axes(), strict=True):
        if size + 2 * p < d * (k - 1) + 1:
            raise ValueError(
                f"a kernel of {k} with dilation {d} is larger than the padded input of {size + 2 * p}"
            )


def _conv_transpose2d_size(
    x: Array, w: Array, geometry: Geometry, output_padding: PerAxis
) -> tuple[int, ...]:
    extra = pair("output_padding", output_padding, least=0)
    _check(x, w, w.shape[0] if w.ndim == 4 else 0, "(c, o/groups, kh, kw)")
    _check_groups(w.shape[0], geometry.groups)
    if any(e >= max(s, d) for e, (s, _, d) in zip(extra, geometry.axes(), strict=True)):
        raise ValueError(
            f"output_padding {extra} must be smaller than stride {geometry.stride} or dilation "
            f"{geometry.dilation}"
        )
    size = tuple(
        (i - 1) * s - 2 * p + d * (k - 1) + e + 1
        for i, k, e, (s, p, d) in zip(x.shape[2:], w.shape[2:], extra, geometry.axes(), strict=True)
    )
    if min(size) < 1:
        raise ValueError(f"the output would be {size[0]} x {size[1]}; use less padding or a larger input")
    return size


def _check(x: Array, w: Array, channels: int, layout: str) -> None:
    if x.ndim != 4 or w.ndim != 4:
        raise ValueError(f"x must be (n, c, h, w) and w {layout}")
    if x.shape[1] != channels:
        raise ValueError(f"x has {x.shape[1]} channels, w {layout} is made for {channels}")
    if x.dtype.kind != "f" or w.dtype.kind != "f":
        raise TypeError("convolution needs float32 or float64; convert with .astype(numpy.float32)")


def _check_groups(channels: int, groups: int) -> None:
    if groups < 1 or channels % groups:
        raise ValueError(f"{channels} channels cannot be divided into {groups} groups")
