"""Maxout: units that are the largest of several linear functions (Goodfellow et al. 2013)."""

from __future__ import annotations

from minigrad import Tensor, nn
from minigrad.ops import max, reshape

__all__ = ["Maxout"]


class Maxout(nn.Module):
    """x (n, inputs) -> (n, units): unit i is the largest of ``pieces`` linear functions of x.

        y_i = max_j (x . w_ij + b_ij)

    >>> import minigrad as mg
    >>> Maxout(3, 4, pieces=5)(mg.zeros((2, 3))).shape
    (2, 4)
    """

    def __init__(self, inputs: int, units: int, pieces: int) -> None:
        self.units = units
        self.pieces = pieces
        self.linear = nn.Linear(inputs, units * pieces)

    def forward(self, x: Tensor) -> Tensor:
        return max(reshape(self.linear(x), (len(x), self.pieces, self.units)), axis=1)

    def extra_repr(self) -> str:
        return f"units={self.units}, pieces={self.pieces}"
