"""Kernels: functions of arrays and numbers that ``minigrad.ops`` calls.

``reference`` is plain NumPy and the text to read first; ``cpu`` is Numba, ``cuda`` is CUDA C++ through CuPy.
They are siblings that never import each other and export the same names with the same signatures. What all
need to know about shapes is here.

A convolution is one trilinear form in x, w and y (p and i are pairs):

    sum over n, o, c, p, i of  y[n, o, p] * w[o, c, i] * x[n, c, p * stride + i * dilation - padding]

and each of its three kernels is the form's derivative by one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pair = tuple[int, int]
Array = NDArray[Any]
Gradients = Array | Sequence[Array]


def output(name: str, out: Array | None, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """``out``, or a new array if it is None; ValueError unless C-contiguous, of this shape and dtype."""
    if out is None:
        return np.empty(shape, dtype)
    if out.shape != shape or out.dtype != dtype or not out.flags.carray:
        raise ValueError(
            f"{name}: expected out= to be a writeable, C-contiguous {dtype} array of shape {shape}; got "
            f"{out.dtype}, shape {out.shape}, C-contiguous={out.flags.c_contiguous}"
        )
    return out


def check_channels(name: str, x: Array, *channels: Array) -> None:
    """Raise ValueError unless each of ``channels`` has one number for each channel of x (n, c, ...)."""
    if any(a.shape != x.shape[1:2] for a in channels):
        raise ValueError(
            f"{name}: x {x.shape} has {x.shape[1]} channels; got {', '.join(str(a.shape) for a in channels)}"
        )


def check_gradient(name: str, p: Array, g: Gradients) -> None:
    """Raise ValueError unless g has p's shape or, if it is several, together as many elements."""
    if not isinstance(g, Sequence):
        if g.shape != p.shape:
            raise ValueError(f"{name}: expected a gradient of the parameter's shape {p.shape}; got {g.shape}")
    elif sum([a.size for a in g]) != p.size:
        raise ValueError(
            f"{name}: expected gradients with {p.size} elements together; got {[a.shape for a in g]}"
        )


def output_size(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Number of places that a kernel takes along an axis of ``size`` elements: conv2d's output size."""
    return max((size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1, 0)


def stacked_shape(x: tuple[int, ...], y: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of numpy.matmul's result for operands of these shapes; ValueError if they do not fit."""
    if not x or not y or x[-1] != y[-2:][0]:
        raise ValueError(f"matmul: expected (..., m, k) and (..., k, n); got {x} and {y}")
    try:
        lead = np.broadcast_shapes(x[:-2], y[:-2])
    except ValueError as error:
        raise ValueError(f"matmul: the first axes of {x} and {y} do not broadcast: {error}") from error
    return (*lead, *x[-2:-1], *y[1:][-1:])


def conv2d_shape(
    x: tuple[int, ...], w: tuple[int, ...], stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> tuple[int, int, int, int]:
    """Shape (n, o, oh, ow) of conv2d(x, w) from the shapes of x and w; ValueError if they do not fit."""
    _check_parameters("conv2d", stride, padding, dilation, groups)
    if len(x) != 4 or len(w) != 4:
        raise ValueError(
            f"conv2d: expected images (n, c, h, w) and weights of 4 axes; got shapes {x} and {w}"
        )
    size = [output_size(*numbers) for numbers in zip(x[2:], w[2:], stride, padding, dilation, strict=True)]
    y = (x[0], w[0], size[0], size[1])
    check_convolution("conv2d", x, y, w, stride, padding, dilation, groups)
    return y


def check_convolution(
    name: str,
    large: tuple[int, ...],
    small: tuple[int, ...],
    w: tuple[int, ...],
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> None:
    """Raise ValueError unless the shapes fit one convolution: small = conv2d(large, w) or its top left part.

    large (n, c, h, w), small (n, o, oh, ow), w (o, c / groups, kh, kw).
    """
    _check_parameters(name, stride, padding, dilation, groups)
    shapes = f"shapes {large} -> {small} with weights {w} and groups={groups}"
    if not len(large) == len(small) == len(w) == 4:
        raise ValueError(f"{name}: expected images (n, c, h, w) and weights of 4 axes; got {shapes}")
    if min(w[2:]) < 1:
        raise ValueError(f"{name}: the kernel must have at least one element; got {shapes}")
    if large[0] != small[0] or small[1] != w[0] or large[1] != w[1] * groups or w[0] % groups:
        raise ValueError(f"{name}: batch, channels and groups do not agree; got {shapes}")
    for axis in (0, 1):
        most = output_size(large[2 + axis], w[2 + axis], stride[axis], padding[axis], dilation[axis])
        if small[2 + axis] > most:
            raise ValueError(
                f"{name}: along the {('height', 'width')[axis]} a kernel of {w[2 + axis]} elements takes "
                f"at most {most} places in {large[2 + axis]} elements with stride={stride[axis]}, "
                f"padding={padding[axis]}, dilation={dilation[axis]}; got {shapes}"
            )


def _check_parameters(name: str, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> None:
    if min(stride) < 1 or min(dilation) < 1 or min(padding) < 0 or groups < 1:
        raise ValueError(
            f"{name}: stride, dilation and groups must be at least 1 and padding at least 0; "
            f"got stride={stride}, dilation={dilation}, groups={groups}, padding={padding}"
        )
