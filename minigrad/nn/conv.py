"""Convolution and transposed convolution over images, and what they share with those over signals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from minigrad import ops
from minigrad.nn.linear import reset_affine
from minigrad.nn.module import Module, Parameter
from minigrad.nn.naming import named, sizes_of
from minigrad.ops.activation import IDENTITY
from minigrad.tensor import Tensor

__all__ = ["Conv2d", "ConvTranspose2d", "Correlation", "TransposedCorrelation"]

Size = int | Sequence[int]

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class Convolution(Module):
    """The base of the four convolutions: sizes, weight, bias and their checks.

    A signal (n, c, l) is an image of one row: ``dims`` is 1, sizes have one number, the weight lacks an axis.
    """

    dims: ClassVar[int] = 2
    padding: tuple[int, ...] | str

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        weight_shape: tuple[int, int],
        kernel_size: Size,
        stride: Size,
        padding: Size | str,
        dilation: Size,
        groups: int,
        bias: bool,
        padding_mode: str,
        dtype: DTypeLike,
    ) -> None:
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = self._sizes("kernel_size", kernel_size, 1)
        self.stride = self._sizes("stride", stride, 1)
        self.padding = padding if isinstance(padding, str) else self._sizes("padding", padding, 0)
        self.dilation = self._sizes("dilation", dilation, 1)
        self.groups = groups
        self.padding_mode = padding_mode
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

    def _sizes(self, name: str, value: Size, least: int) -> tuple[int, ...]:
        return sizes_of(self, name, value, self.dims, least)

    def forward(self, x: Tensor) -> Tensor:
        return self._output(self._convolved(*self._operands(x)))

    def _operands(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x and the weight as a convolution over images takes them: checked, padded, a signal as one row.

        Raises ValueError for an input of another shape.
        """
        self.check_shape(x)
        if self.dims == 2:
            return self._surrounded(x), self.weight
        return self._surrounded(ops.expand_dims(x, 2)), ops.expand_dims(self.weight, 2)

    def _convolved(self, x: Tensor, w: Tensor) -> Tensor:
        """The convolution over images, with the bias."""
        raise NotImplementedError(f"{type(self).__name__} does not define _convolved(x, w)")

    def _output(self, y: Tensor) -> Tensor:
        """The convolved images as the layer returns them: a row of one is a signal."""
        return y if self.dims == 2 else ops.squeeze(y, 2)

    def _settings(self) -> dict[str, Any]:
        """The settings of the op that convolves."""
        raise NotImplementedError(f"{type(self).__name__} does not define _settings()")

    def check_shape(self, x: Tensor) -> None:
        """Raise ValueError unless x is (n, in_channels, h, w), of signals (n, in_channels, l)."""
        if x.ndim != self.dims + 2 or x.shape[1] != self.in_channels:
            places = "h, w" if self.dims == 2 else "l"
            raise ValueError(f"{self!r}: expected an input (n, {self.in_channels}, {places}), got {x.shape}")

    def _surrounded(self, x: Tensor) -> Tensor:
        """x (n, c, h, w) with the padding that the op does not add itself."""
        return x

    def _pair(self, sizes: Sequence[int], of_the_row: int) -> tuple[int, ...]:
        """``sizes`` as those of an image, of which a signal is one row."""
        return tuple(sizes) if self.dims == 2 else (of_the_row, *sizes)

    def extra_repr(self) -> str:
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        )
        zeros, ones = (0,) * self.dims, (1,) * self.dims
        for name, default in (
            ("padding", zeros),
            ("dilation", ones),
            ("output_padding", zeros),
            ("groups", 1),
        ):
            if getattr(self, name, default) != default:
                text += f", {name}={getattr(self, name)}"
        text += "" if self.bias is not None else ", bias=False"
        return text if self.padding_mode == "zeros" else f"{text}, padding_mode={self.padding_mode}"


class Correlation(Convolution):
    """Convolutions that slide a kernel over x: Conv2d and Conv1d."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        name = type(self).__name__
        if padding_mode not in PADDING_MODES:
            raise ValueError(f"{name}: padding_mode must be one of {PADDING_MODES}, got {padding_mode!r}")
        self._channels_per_group(out_channels, groups, "out_channels")
        shape = (out_channels, self._channels_per_group(in_channels, groups, "in_channels"))
        super().__init__(
            in_channels, out_channels, shape, kernel_size, stride, padding, dilation, groups, bias,
            padding_mode, dtype,
        )  # fmt: skip
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f"{name}: padding must be an integer, 'same' or 'valid', got {padding!r}")
        if self.padding == "same" and set(self.stride) != {1}:
            raise ValueError(f"{name}: padding='same' needs a stride of 1, got {self.stride}")

    def _around(self) -> tuple[tuple[int, int], ...]:
        """The padding (before, after) of each of the last axes; "same" puts an odd pixel after."""
        if isinstance(self.padding, str):
            spare = [
                d * (k - 1) if self.padding == "same" else 0
                for d, k in zip(self.dilation, self.kernel_size, strict=True)
            ]
            return tuple((total // 2, total - total // 2) for total in spare)
        return tuple((p, p) for p in self.padding)

    @property
    def _pads_in_the_op(self) -> bool:
        return self.padding_mode == "zeros" and all(before == after for before, after in self._around())

    def _surrounded(self, x: Tensor) -> Tensor:
        around = self._around()
        if self._pads_in_the_op or not any(side for sides in around for side in sides):
            return x
        widths = ((0, 0),) * (4 - self.dims) + around
        with named(self):
            return ops.pad(x, widths, "constant" if self.padding_mode == "zeros" else self.padding_mode)

    def _convolved(self, x: Tensor, w: Tensor) -> Tensor:
        if self.bias is None:
            return ops.conv2d(x, w, **self._settings())
        return ops.conv2d_bias_leaky_relu(x, w, self.bias, slope=IDENTITY, **self._settings())

    def _settings(self) -> dict[str, Any]:
        padding = [before if self._pads_in_the_op else 0 for before, _ in self._around()]
        return {
            "stride": self._pair(self.stride, 1),
            "padding": self._pair(padding, 0),
            "dilation": self._pair(self.dilation, 1),
            "groups": self.groups,
        }


class TransposedCorrelation(Convolution):
    """The adjoints of Conv2d and Conv1d: ConvTranspose2d and ConvTranspose1d."""

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
        padding_mode: str = "zeros",
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f"{type(self).__name__}: padding_mode must be 'zeros', got {padding_mode!r}")
        self._channels_per_group(in_channels, groups, "in_channels")
        shape = (in_channels, self._channels_per_group(out_channels, groups, "out_channels"))
        self.output_padding = self._sizes("output_padding", output_padding, 0)
        super().__init__(
            in_channels, out_channels, shape, kernel_size, stride, padding, dilation, groups, bias,
            padding_mode, dtype,
        )  # fmt: skip

    def _convolved(self, x: Tensor, w: Tensor) -> Tensor:
        y = ops.conv_transpose2d(x, w, **self._settings())
        return y if self.bias is None else ops.bias_leaky_relu(y, self.bias, slope=IDENTITY)

    def _settings(self) -> dict[str, Any]:
        assert not isinstance(self.padding, str)
        return {
            "stride": self._pair(self.stride, 1),
            "padding": self._pair(self.padding, 0),
            "output_padding": self._pair(self.output_padding, 0),
            "dilation": self._pair(self.dilation, 1),
            "groups": self.groups,
        }


class Conv2d(Correlation):
    """Cross-correlation over images: x (n, in_channels, h, w) -> (n, out_channels, oh, ow).

    ``oh = (h + 2 padding - dilation (kernel_size - 1) - 1) // stride + 1``; weight (out_channels, in_channels
    / groups, kh, kw). Sizes are integers or pairs (h, w). ``padding`` may be "same" (oh is h, for a stride of
    1) or "valid" (0); ``padding_mode`` "reflect", "replicate" or "circular" fills it as ``ops.pad`` does.

    Raises ValueError for sizes out of range, groups that do not divide the channels, and an input of another
    shape.

    >>> import minigrad as mg
    >>> layer = mg.nn.Conv2d(3, 16, kernel_size=4, stride=2, padding=1)
    >>> layer.weight.shape, layer(mg.zeros((8, 3, 32, 32))).shape
    ((16, 3, 4, 4), (8, 16, 16, 16))
    """


class ConvTranspose2d(TransposedCorrelation):
    """The adjoint of Conv2d, "fractionally strided convolution": x (n, in_channels, h, w) -> (n,
    out_channels, oh, ow).

    ``oh = (h - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1``; weight
    (in_channels, out_channels / groups, kh, kw). Sizes are integers or pairs (h, w); output_padding is less
    than stride or dilation. Raises as Conv2d.

    >>> import minigrad as mg
    >>> layer = mg.nn.ConvTranspose2d(16, 3, kernel_size=4, stride=2, padding=1)
    >>> layer.weight.shape, layer(mg.zeros((8, 16, 16, 16))).shape
    ((16, 3, 4, 4), (8, 3, 32, 32))
    """
