"""Convolution and transposed convolution over images."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad import ops
from minigrad.nn.activation import rectifier_slope
from minigrad.nn.linear import reset_affine
from minigrad.nn.module import Fused, Module, Parameter
from minigrad.nn.norm import BatchNorm2d
from minigrad.tensor import Tensor

__all__ = ["Conv2d", "ConvTranspose2d"]

Size = int | tuple[int, int]


class _Convolution(Module):
    """What the two layers share: sizes, weight, bias and their checks."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        weight_shape: tuple[int, int],
        kernel_size: Size,
        stride: Size,
        padding: Size,
        dilation: Size,
        groups: int,
        bias: bool,
        dtype: DTypeLike,
    ) -> None:
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = self._pair("kernel_size", kernel_size, 1)
        self.stride = self._pair("stride", stride, 1)
        self.padding = self._pair("padding", padding, 0)
        self.dilation = self._pair("dilation", dilation, 1)
        self.groups = groups
        self.weight = Parameter(np.empty(weight_shape + self.kernel_size, dtype))
        self.bias = Parameter(np.empty(out_channels, dtype)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        reset_affine(self.weight, self.bias)

    def _channels_per_group(self, channels: int, groups: int, name: str) -> int:
        if groups < 1 or channels < 1 or channels % groups:
            raise ValueError(f"{type(self).__name__}: groups={groups} must divide {name}={channels}")
        return channels // groups

    def _pair(self, name: str, value: Size, least: int) -> tuple[int, int]:
        pair = (value, value) if isinstance(value, int) else tuple(value)
        if len(pair) != 2 or not all(operator.index(size) >= least for size in pair):
            expected = f"an integer >= {least} or a pair (h, w) of them"
            raise ValueError(f"{type(self).__name__}: {name} must be {expected}, got {value!r}")
        return pair

    def forward(self, x: Tensor) -> Tensor:
        return self._activated(x, slope=1.0)

    def fused_with(self, following: Sequence[Module]) -> Fused | None:
        if not following or getattr(self.forward, "__func__", None) is not _Convolution.forward:
            return None
        slope = rectifier_slope(following)
        if slope is not None:
            return Fused(partial(self._activated, slope=slope), 1)
        norm = following[0]
        # on a CPU batch norm takes its moments from memory that its second pass then finds in the cache
        if isinstance(norm, BatchNorm2d) and self.bias is None and self.weight.device == "cuda":
            return norm.fused_behind(self._with_moments, following[1:])
        return None

    def _with_moments(self, x: Tensor) -> Tensor:
        """The layer's function without a bias, with its result's moments as residual."""
        self._check(x)
        return self._convolve(x, moments=True)

    def _activated(self, x: Tensor, slope: float) -> Tensor:
        """The layer's function and a leaky ReLU after it; there is none where the slope is 1."""
        self._check(x)
        if self.bias is not None:
            return self._convolve_with_bias(x, self.bias, slope)
        y = self._convolve(x)
        return y if slope == 1 else ops.leaky_relu(y, slope=slope)

    def _check(self, x: Tensor) -> None:
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise ValueError(f"{self!r}: expected an input (n, {self.in_channels}, h, w), got {x.shape}")

    def _convolve_with_bias(self, x: Tensor, bias: Parameter, slope: float) -> Tensor:
        return ops.bias_leaky_relu(self._convolve(x), bias, slope=slope)

    def _convolve(self, x: Tensor, *, moments: bool = False) -> Tensor:
        raise NotImplementedError

    def extra_repr(self) -> str:
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        )
        for name, default in (
            ("padding", (0, 0)),
            ("output_padding", (0, 0)),
            ("dilation", (1, 1)),
            ("groups", 1),
        ):
            if getattr(self, name, default) != default:
                text += f", {name}={getattr(self, name)}"
        return text if self.bias is not None else text + ", bias=False"


class Conv2d(_Convolution):
    """Cross-correlation over images: x (n, in_channels, h, w) -> (n, out_channels, oh, ow).

    ``oh = (h + 2 padding - dilation (kernel_size - 1) - 1) // stride + 1``; weight (out_channels, in_channels
    / groups, kh, kw). Sizes are integers or pairs (h, w).

    Raises ValueError for sizes out of range, groups that do not divide the channels, and an input of another
    shape.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self._channels_per_group(out_channels, groups, "out_channels")
        shape = (out_channels, self._channels_per_group(in_channels, groups, "in_channels"))
        super().__init__(
            in_channels, out_channels, shape, kernel_size, stride, padding, dilation, groups, bias, dtype
        )

    def _convolve(self, x: Tensor, *, moments: bool = False) -> Tensor:
        op = ops.conv2d_moments if moments else ops.conv2d
        return op(x, self.weight, **self._settings())

    def _convolve_with_bias(self, x: Tensor, bias: Parameter, slope: float) -> Tensor:
        return ops.conv2d_bias_leaky_relu(x, self.weight, bias, slope=slope, **self._settings())

    def _settings(self) -> dict[str, Any]:
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "groups": self.groups,
        }


class ConvTranspose2d(_Convolution):
    """The adjoint of Conv2d, "fractionally strided convolution": x (n, in_channels, h, w) -> (n,
    out_channels, oh, ow).

    ``oh = (h - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1``; weight
    (in_channels, out_channels / groups, kh, kw). Sizes are integers or pairs (h, w); output_padding is less
    than stride or dilation. Raises as Conv2d.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self._channels_per_group(in_channels, groups, "in_channels")
        shape = (in_channels, self._channels_per_group(out_channels, groups, "out_channels"))
        self.output_padding = self._pair("output_padding", output_padding, 0)
        super().__init__(
            in_channels, out_channels, shape, kernel_size, stride, padding, dilation, groups, bias, dtype
        )

    def _convolve(self, x: Tensor, *, moments: bool = False) -> Tensor:
        op = ops.conv_transpose2d_moments if moments else ops.conv_transpose2d
        return op(
            x,
            self.weight,
            stride=self.stride,
            padding=self.padding,
            output_padding=self.output_padding,
            dilation=self.dilation,
            groups=self.groups,
        )
