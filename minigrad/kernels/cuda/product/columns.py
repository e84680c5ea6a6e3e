"""The sums of a matrix's columns, by chunks of rows: in the same order in every kernel."""

from __future__ import annotations

import numpy as np

from minigrad.kernels.cuda.runtime.arrays import SLICE, blocks_for, xp_of
from minigrad.kernels.cuda.runtime.loading import Source
from minigrad.types import Array

CHUNK = 64  # rows that a thread sums; the tiles of a product have 64 or 128
SOURCE = Source("product/columns.cu")


class ColumnSums:
    """Memory for the sums of the columns of ``z`` (m, n), which a kernel gets as ``arguments``.

    They go into ``totals`` (n,) if one chunk has all rows, else into ``partial`` (n, chunks); ``finish`` adds
    them.
    """

    def __init__(self, z: Array, totals: Array) -> None:
        self.totals = totals
        self.chunks = -(-len(z) // CHUNK)
        self.partial = xp_of(z).empty((z.shape[1], self.chunks if self.chunks > 1 else 0), np.float64)
        self.arguments = self.partial, totals, np.int32(CHUNK), np.int32(self.chunks)

    def finish(self) -> None:
        """Add the chunks' sums, in order."""
        if self.chunks > 1:
            sizes = np.int32(self.totals.size), np.int32(self.chunks)
            blocks = blocks_for(self.totals.size)
            SOURCE.launch("add_chunks", self.totals.dtype, blocks, self.partial, self.totals, *sizes)


def fits(rows: int) -> bool:
    """Whether a matrix of ``rows`` rows is summed in chunks; more rows have too many chunks to add."""
    return 0 < rows <= SLICE


def gate(g: Array, y: Array, slope: float, gx: Array, sums: ColumnSums) -> None:
    """gx = g where y > 0, slope * g elsewhere, C-contiguous matrices, and the sums of its columns."""
    rows, columns = gx.shape[0], gx.size // gx.shape[0]
    arrays = g, y, gx.dtype.type(slope), gx, *sums.arguments
    blocks = blocks_for(sums.chunks * columns)
    SOURCE.launch("gate_columns", gx.dtype, blocks, *arrays, np.int32(rows), np.int32(columns))


def gate_shares(parts: Array, y: Array, slope: float, gx: Array, sums: ColumnSums) -> None:
    """As gate, of g = the sum of the parts in order."""
    rows, columns = gx.shape
    arrays = parts, np.int32(len(parts)), y, gx.dtype.type(slope), gx, *sums.arguments
    blocks = blocks_for(sums.chunks * columns)
    SOURCE.launch("gate_shares", gx.dtype, blocks, *arrays, np.int32(rows), np.int32(columns))
