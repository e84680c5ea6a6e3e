"""Convolution and transposed convolution over signals."""

from __future__ import annotations

from minigrad.nn.conv import Correlation, TransposedCorrelation

__all__ = ["Conv1d", "ConvTranspose1d"]


class Conv1d(Correlation):
    """Cross-correlation over signals: x (n, in_channels, l) -> (n, out_channels, ol); Conv2d of one row.

    ``ol = (l + 2 padding - dilation (kernel_size - 1) - 1) // stride + 1``; weight (out_channels, in_channels
    / groups, k). Sizes, ``padding``, ``padding_mode`` and what raises are as Conv2d's.

    >>> import minigrad as mg
    >>> layer = mg.nn.Conv1d(2, 4, kernel_size=3, padding=1)
    >>> layer.weight.shape, layer(mg.zeros((8, 2, 10))).shape
    ((4, 2, 3), (8, 4, 10))
    """

    dims = 1


class ConvTranspose1d(TransposedCorrelation):
    """The adjoint of Conv1d: x (n, in_channels, l) -> (n, out_channels, ol); ConvTranspose2d of one row.

    ``ol = (l - 1) stride - 2 padding + dilation (kernel_size - 1) + output_padding + 1``; weight
    (in_channels, out_channels / groups, k).

    >>> import minigrad as mg
    >>> layer = mg.nn.ConvTranspose1d(4, 2, kernel_size=4, stride=2, padding=1)
    >>> layer.weight.shape, layer(mg.zeros((8, 4, 10))).shape
    ((4, 2, 4), (8, 2, 20))
    """

    dims = 1
