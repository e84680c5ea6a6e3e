"""Images at another resolution, and channels as pixels."""

from __future__ import annotations

import operator
from collections.abc import Sequence

import numpy as np

from minigrad import ops
from minigrad.nn.module import Module
from minigrad.nn.naming import named, whole
from minigrad.tensor import Tensor

__all__ = ["PixelShuffle", "PixelUnshuffle", "Upsample"]


class Upsample(Module):
    """x (n, c, ...) at another resolution, by ``ops.interpolate``: to ``size``, or by ``scale_factor``.

    ``mode`` is "nearest", "linear" (n, c, l) or "bilinear" (n, c, h, w). Raises ValueError for an input or a
    mode that does not fit; with ``recompute_scale_factor`` the places are those of the rounded size.

    >>> import minigrad as mg
    >>> mg.nn.Upsample(scale_factor=2)(mg.tensor([[[1.0, 2.0]]])).tolist()
    [[[1.0, 1.0, 2.0, 2.0]]]
    >>> mg.nn.Upsample(size=(7, 5), mode="bilinear")(mg.zeros((1, 3, 4, 4))).shape
    (1, 3, 7, 5)
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        self.size = whole(size)
        self.scale_factor: float | tuple[float, ...] | None = None
        if isinstance(scale_factor, Sequence | np.ndarray):
            self.scale_factor = tuple(map(float, scale_factor))
        elif scale_factor is not None:
            self.scale_factor = float(scale_factor)
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, x: Tensor) -> Tensor:
        size, factor = self.size, self.scale_factor
        with named(self):
            if self.recompute_scale_factor and factor is not None:
                each = factor if isinstance(factor, tuple) else (factor,) * (x.ndim - 2)
                size, factor = tuple(int(n * s) for n, s in zip(x.shape[2:], each, strict=True)), None
            return ops.interpolate(x, size, factor, self.mode, self.align_corners)

    def extra_repr(self) -> str:
        given = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{given}, mode={self.mode!r}"


class PixelShuffle(Module):
    """x (..., c r^2, h, w) -> (..., c, h r, w r) for r = ``upscale_factor``, by ``ops.pixel_shuffle``.

    Raises ValueError for an input of another shape. Shi et al. (2016), eq. 4.

    >>> import minigrad as mg
    >>> x = mg.tensor([[[1.0]], [[2.0]], [[3.0]], [[4.0]]])  # four channels of one pixel
    >>> mg.nn.PixelShuffle(2)(x).tolist()
    [[[1.0, 2.0], [3.0, 4.0]]]
    """

    def __init__(self, upscale_factor: int) -> None:
        self.upscale_factor = operator.index(upscale_factor)

    def forward(self, x: Tensor) -> Tensor:
        with named(self):
            return ops.pixel_shuffle(x, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """x (..., c, h r, w r) -> (..., c r^2, h, w) for r = ``downscale_factor``: PixelShuffle's inverse.

    Raises ValueError for an input of another shape.

    >>> import minigrad as mg
    >>> mg.nn.PixelUnshuffle(2)(mg.tensor([[[1.0, 2.0], [3.0, 4.0]]])).tolist()
    [[[1.0]], [[2.0]], [[3.0]], [[4.0]]]
    """

    def __init__(self, downscale_factor: int) -> None:
        self.downscale_factor = operator.index(downscale_factor)

    def forward(self, x: Tensor) -> Tensor:
        with named(self):
            return ops.pixel_unshuffle(x, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"
