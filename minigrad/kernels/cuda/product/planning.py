"""Plans of float32 products by the pipelined tile (``pipeline.cuh``): arithmetic, tile and shares."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from minigrad.kernels.cuda.runtime.arrays import on_host
from minigrad.kernels.cuda.runtime.loading import Source, compute_capability
from minigrad.kernels.precision import tf32_allowed
from minigrad.types import Array

LARGEST = 2**30  # elements of an array, so that every offset fits 32 bits
CAPABILITY = 80  # the first with cp.async and TF32
DEPTH = 16  # of a piece in shared memory
BLOCKS = 264  # among which a product is shared: two for each multiprocessor of an H100
LEAST = 128  # products in a sum that is still worth a share of its own
DEEPEST = 1 << 14  # products that a thread adds in float32; the shares are added in float64


class Tile(NamedTuple):
    """A block's part of a result, ``side`` by ``side``, and how the block's threads compute it.

    ``warp_columns`` are the columns of a warp; ``resident`` blocks fit on a multiprocessor.
    """

    side: int
    warp_columns: int
    threads: int
    stages: int
    resident: int


TILES = {
    "fp32": (
        Tile(128, 64, threads=256, stages=2, resident=2),
        Tile(64, 64, threads=64, stages=2, resident=8),
    ),
    "tf32": (
        Tile(128, 64, threads=128, stages=3, resident=2),
        Tile(64, 32, threads=128, stages=4, resident=4),
    ),
}


class Kind(NamedTuple):
    """A kind of product that a file has: its own constants, and its large and small tile by arithmetic."""

    constants: tuple[tuple[str, int], ...] = ()
    tiles: tuple[tuple[str, tuple[Tile, Tile]], ...] = tuple(TILES.items())


PLAIN = Kind()


class Plan(NamedTuple):
    """How a product is computed."""

    source: Source
    blocks: int
    shares: int

    def pieces(self, columns: int) -> int:
        """The pieces of a row of ``columns`` columns: each is a warp's part of a tile."""
        constants = self.source.constants
        side = constants["COLUMNS"]
        return -(-columns // side) * (side // constants["WARP_COLUMNS"])


def plan(name: str, rows: int, columns: int, depth: int, products: int = 1, kind: Kind = PLAIN) -> Plan:
    """``products`` products (rows, depth) @ (depth, columns) in one launch of a kernel of the file ``name``.

    Small results get small tiles and shares of the sum, so that all multiprocessors of a device have work.
    Long sums get shares, so that their errors stay bounded. The plan, and with it the order of every sum,
    depends on sizes alone.
    """
    arithmetic = "tf32" if tf32_allowed() else "fp32"
    large, small = dict(kind.tiles)[arithmetic]

    def blocks(tile: Tile) -> int:
        return products * -(-rows // tile.side) * -(-columns // tile.side)

    tile = large if min(rows, columns) > small.side and 2 * blocks(large) >= BLOCKS else small
    shares = max(1, -(-depth // DEEPEST), min(BLOCKS // blocks(tile), depth // LEAST))
    return Plan(source(name, arithmetic, tile, kind), blocks(tile) * shares, shares)


@cache
def source(name: str, arithmetic: str, tile: Tile, kind: Kind = PLAIN) -> Source:
    """The file ``name`` for an arithmetic, "fp32" or "tf32", and a tile of a kind of products."""
    return Source(
        name,
        templates=False,
        shared=tile.stages * 2 * tile.side * (DEPTH + 4) * np.dtype(np.float32).itemsize,
        TF32=int(arithmetic == "tf32"),
        THREADS=tile.threads,
        ROWS=tile.side,
        COLUMNS=tile.side,
        DEPTH=DEPTH,
        STAGES=tile.stages,
        WARP_COLUMNS=tile.warp_columns,
        RESIDENT=tile.resident,
        **dict(kind.constants),
    )


def sources(name: str, *kinds: Kind) -> list[Source]:
    """Every source of the file ``name``, which has these kinds of products."""
    return [
        source(name, arithmetic, tile, kind)
        for kind in kinds or (PLAIN,)
        for arithmetic, tiles in kind.tiles
        for tile in dict.fromkeys(tiles)
    ]


def serves(*arrays: Array) -> bool:
    """Whether the pipelined tile can take these arrays: float32, not too large, on a device with cp.async."""
    fit = arrays[0].dtype == np.float32 and all(0 < a.size <= LARGEST for a in arrays)
    device: Any = arrays[0].device
    return fit and (on_host(arrays[0]) or compute_capability(device.id) >= CAPABILITY)
