"""The linear layer, convolutions and padding of nn.functional."""

from __future__ import annotations

from collections.abc import Sequence

from minigrad import ops
from minigrad.ops.activation import IDENTITY
from minigrad.tensor import Tensor

__all__ = ["linear", "conv2d", "conv_transpose2d", "pad"]

Size = int | tuple[int, int]


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x weight^T + bias: x (..., i), weight (o, i), bias (o,), giving (..., o).

    >>> import minigrad as mg
    >>> weight, bias = mg.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), mg.tensor([0.0, 0.0, 10.0])
    >>> mg.nn.functional.linear(mg.tensor([[2.0, 3.0]]), weight, bias).tolist()
    [[2.0, 3.0, 15.0]]
    """
    if bias is not None and x.ndim == 2:
        return ops.linear(x, weight, bias)
    y = ops.matmul(x, ops.transpose(weight))
    return y if bias is None else y + bias


def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """Cross-correlation of x (n, c, h, w) with weight (o, c / groups, kh, kw), plus bias (o,).

    >>> import minigrad as mg
    >>> x, weight = mg.tensor([[[[1.0, 2.0, 4.0, 8.0]]]]), mg.tensor([[[[-1.0, 1.0]]]])  # differences
    >>> mg.nn.functional.conv2d(x, weight).tolist()
    [[[[1.0, 2.0, 4.0]]]]
    """
    y = ops.conv2d(x, weight, stride=stride, padding=padding, dilation=dilation, groups=groups)
    return y if bias is None else ops.bias_leaky_relu(y, bias, slope=IDENTITY)


def conv_transpose2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """The adjoint of conv2d: x (n, c, h, w) with weight (c, o / groups, kh, kw), plus bias (o,).

    >>> import minigrad as mg
    >>> x, weight = mg.tensor([[[[1.0, 2.0]]]]), mg.tensor([[[[1.0, 10.0]]]])
    >>> mg.nn.functional.conv_transpose2d(x, weight, stride=2).tolist()
    [[[[1.0, 10.0, 2.0, 20.0]]]]
    """
    y = ops.conv_transpose2d(
        x,
        weight,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        dilation=dilation,
        groups=groups,
    )
    return y if bias is None else ops.bias_leaky_relu(y, bias, slope=IDENTITY)


def pad(x: Tensor, pad: Sequence[int], mode: str = "constant", value: float = 0.0) -> Tensor:
    """x with padding around it: ``pad`` is (left, right, top, bottom, ...), a pair an axis from the last.

    ``mode`` is that of ``ops.pad``, whose widths begin with the first axis. Raises ValueError for an odd
    number of widths, and for more pairs than x has axes.

    >>> import minigrad as mg
    >>> mg.nn.functional.pad(mg.tensor([[1.0, 2.0]]), (1, 0)).tolist()
    [[0.0, 1.0, 2.0]]
    """
    if len(pad) % 2 or len(pad) > 2 * x.ndim:
        raise ValueError(f"pad: expected a pair (before, after) for each axis from the last, got {pad!r}")
    pairs = [(before, after) for before, after in zip(pad[::2], pad[1::2], strict=True)]
    widths = [(0, 0)] * (x.ndim - len(pairs)) + pairs[::-1]
    return ops.pad(x, tuple(widths), mode, value)
