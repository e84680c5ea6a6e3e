"""JAX's functions of our kernels' arguments, for its kernels and its steps."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from minigrad.kernels.geometry import Geometry

NCHW = ("NCHW", "OIHW", "NCHW")


def convolved(x: Any, w: Any, geometry: Geometry) -> Any:
    """x (n, c, h, w), w (o, c / groups, kh, kw) -> (n, o, oh, ow)."""
    stride, padding, dilation, groups = geometry
    return lax.conv_general_dilated(
        x, w, stride, [(p, p) for p in padding], rhs_dilation=dilation, dimension_numbers=NCHW,
        feature_group_count=groups,
    )  # fmt: skip


def transposed(g: Any, w: Any, size: Any, geometry: Geometry) -> Any:
    """The transpose of a convolution of images of ``size``, as a function of them: its input gradient."""
    x = jax.ShapeDtypeStruct((g.shape[0], w.shape[1] * geometry.groups, *size), g.dtype)
    (y,) = jax.linear_transpose(lambda x: convolved(x, w, geometry), x)(g)
    return y


def weight_gradient(x: Any, g: Any, kernel: Any, geometry: Geometry) -> Any:
    """The transpose of a convolution as a function of its weights."""
    w = jax.ShapeDtypeStruct((g.shape[1], x.shape[1] // geometry.groups, *kernel), x.dtype)
    (gw,) = jax.linear_transpose(lambda w: convolved(x, w, geometry), w)(g)
    return gw


def leaky(x: Any, slope: float) -> Any:
    """max(x, 0) + slope * min(x, 0)."""
    return jnp.where(x > 0, x, slope * x)


def normed(x: Any, scale: Any, shift: Any, eps: float) -> Any:
    """Batch norm of x (n, c, ...): the result, mean and biased variance of each channel."""
    axes, places = (0, *range(2, x.ndim)), (slice(None), *[None] * (x.ndim - 2))
    mean, var = x.mean(axes), x.var(axes)
    y = (x - mean[places]) * (lax.rsqrt(var + eps) * scale)[places] + shift[places]
    return y, mean, var
