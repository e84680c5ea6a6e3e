"""Maps at half and twice their sides."""

from __future__ import annotations

from gans.networks.dcgan import Size
from minigrad import Tensor
from minigrad.ops import adaptive_avg_pool2d, interpolate


def shrunk(x: Tensor, size: Size) -> Tensor:
    """Maps (n, c, h, w) at the smaller ``size``, by means."""
    return adaptive_avg_pool2d(x, size)


def grown(x: Tensor, size: Size) -> Tensor:
    """Maps (n, c, h, w) at the larger ``size``, by repeated pixels."""
    return interpolate(x, size=size)
