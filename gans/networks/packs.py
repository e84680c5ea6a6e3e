"""Packs: several samples that D judges at once (Lin et al. 2018, PacGAN)."""

from __future__ import annotations

from minigrad import Tensor, nn

__all__ = ["Pack", "judging_packs"]


class Pack(nn.Module):
    """Samples (n, c, ...) -> packs (n / size, size c, ...): ``size`` neighbours one after the other.

    >>> from minigrad import zeros
    >>> Pack(3)(zeros((6, 1, 8, 8))).shape, Pack(2)(zeros((6, 2))).shape
    ((2, 3, 8, 8), (3, 4))
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        n, c, *rest = x.shape
        if n % self.size:
            raise ValueError(f"Pack: {n} samples are no packs of {self.size}")
        return x.reshape(n // self.size, self.size * c, *rest)

    def extra_repr(self) -> str:
        return f"size={self.size}"


def judging_packs(size: int, network: nn.Sequential) -> nn.Sequential:
    """``network``, which judges packs, as one of single samples: (n, ...) -> (n / size, 1)."""
    return nn.Sequential(Pack(size), *network) if size > 1 else network
