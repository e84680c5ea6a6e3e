"""Tiles for processors that this one is not: which is chosen, and that kernels compiled for it are right."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from minigrad.kernels.cpu.tiles.registers import Tile, _choose
from tests.processes import python


@pytest.mark.parametrize(
    ("features", "width", "registers"),
    [
        ({"sse2", "avx2", "fma", "avx512f"}, 64, 32),
        ({"sse2", "avx2", "fma"}, 32, 16),
        ({"neon", "fp-armv8"}, 16, 32),
        ({"sse2"}, 16, 16),
        (set(), 16, 16),
    ],
    ids=["AVX-512", "AVX2", "64-bit Arm", "SSE2", "nothing known"],
)
def test_a_tile_and_its_operands_fit_the_registers(features: set[str], width: int, registers: int) -> None:
    tile = _choose(features)
    assert tile.width == width
    assert tile.rows * tile.vectors + tile.vectors + 1 <= registers
    assert tile.lanes(4) == 2 * tile.lanes(8) == tile.vectors * width // 4


PROGRAM = """
import numpy as np
from minigrad.kernels import cpu, reference
from minigrad.kernels.cpu.tiles.registers import TILE
from minigrad.kernels.geometry import Geometry
from tests.minigrad.kernels.strategies import assert_close

print(*TILE)
rng = np.random.default_rng(0)
geometry = Geometry((2, 2), (1, 1))
for n, c, o, kernel in ((15, 33, 34, 4), (14, 1, 9, 4), (13, 9, 1, 3), (7, 5, 11, 3)):
    x = rng.standard_normal((n, c, 12, 13), np.float32)
    w = rng.standard_normal((o, c, kernel, kernel), np.float32)
    y = reference.conv2d(x, w, geometry)
    assert_close(cpu.conv2d(x, w, geometry), y, w[0].size)
    expected = reference.conv_transpose2d(y, w, (12, 13), geometry)
    assert_close(cpu.conv_transpose2d(y, w, (12, 13), geometry), expected, y[0].size)
    expected = reference.conv2d_weight(x, y, (kernel, kernel), geometry)
    assert_close(cpu.conv2d_weight(x, y, (kernel, kernel), geometry), expected, y.size)
for m, k, n in ((33, 70, 51), (3, 5, 100), (200, 40, 1)):
    x, y = rng.standard_normal((m, k), np.float32), rng.standard_normal((k, n), np.float32)
    assert_close(cpu.matmul(x, y), reference.matmul(x, y), k)
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the tiles of others are tried on x86-64")
@pytest.mark.parametrize(
    ("features", "tile"),
    [("+sse,+sse2", Tile(4, 2, 16)), ("+sse,+sse2,+neon", Tile(8, 3, 16))],
    ids=["plain", "64-bit Arm"],
)
def test_kernels_are_right_with_the_tiles_of_other_processors(
    features: str, tile: Tile, tmp_path: Path
) -> None:
    """Of an Arm processor the tile, not the instructions: LLVM says that it does not know neon here."""
    chosen = {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": features, "NUMBA_CACHE_DIR": str(tmp_path)}
    run = python(PROGRAM, seconds=300, **chosen)
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"{tile.rows} {tile.vectors} {tile.width}\n"
