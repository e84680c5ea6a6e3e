"""The simple tile of a product (``simple_tile.cuh``): its size, and operands as its kernels read them."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cuda.runtime.arrays import contiguous
from minigrad.types import Array

TILE = 64  # rows and columns of a result that a block owns

Steps = tuple[np.int64, np.int64]


def tiles(rows: int, columns: int) -> int:
    """The blocks that cover a matrix."""
    return -(-rows // TILE) * -(-columns // TILE)


def read(a: Array) -> tuple[Array, Steps]:
    """Contiguous matrices, copied if need be, and the steps from row to row and from column to column."""
    rows, columns = a.shape[-2:]
    across = a.swapaxes(-1, -2)
    if across.flags.c_contiguous and not a.flags.c_contiguous:
        return contiguous(across).swapaxes(-1, -2), (np.int64(1), np.int64(rows))
    return contiguous(a), (np.int64(columns), np.int64(1))


def item_step(a: Array) -> int:
    """The elements from one item of a stack to the next; 0 if there is one item for all products."""
    return 0 if len(a) == 1 else a.shape[1] * a.shape[2]
