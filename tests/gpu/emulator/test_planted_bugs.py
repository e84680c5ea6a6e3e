"""The checker is checked: the sample kernels with one mistake each, and the kind of error it must give."""

from __future__ import annotations

import re
from typing import NamedTuple

import pytest

from tests.gpu.emulator import Emulator, EmulatorError
from tests.gpu.emulator.sample_kernels import SAMPLES, source_of


class Bug(NamedTuple):
    """A mistake: in the sample's source the first ``old`` after ``after`` becomes ``new``.

    ``kind`` is what the checker must say; two kinds where the schedule decides which it meets first.
    """

    what: str
    sample: str
    old: str
    new: str
    kind: str
    after: str = ""


BUGS = [
    Bug(
        "tail: one element too many", "elementwise with a tail", "i < n; i++", "i <= n; i++", "out of bounds"
    ),
    Bug("tail: no tail", "elementwise with a tail", "i + 3 < n", "i < n", "out of bounds"),
    Bug("vector load off by one", "elementwise with a tail", "(x + i);", "(x + i + 1);", "misaligned"),
    Bug("before the array's start", "elementwise with a tail", "(x + i);", "(x + i - 4);", "out of bounds"),
    Bug("in place on a const", "elementwise with a tail", "(y + i) = v", "((float *)x + i) = v", "read-only"),
    Bug("reads the output", "elementwise with a tail", "(x + i);", "(y + i);", "uninitialised"),
    Bug("blocks overlap", "elementwise with a tail", "blockIdx.x * blockDim.x", "blockIdx.x * 32", "race"),
    Bug("no barrier before a tree", "block reduction, float", "__syncthreads();", "", "race"),
    Bug(
        "no barrier in a tree", "block reduction, float", "__syncthreads();", "", "race", "partial[t + half];"
    ),
    Bug(
        *("barrier in a branch", "block reduction, float"),
        "if (t < half) partial[t] += partial[t + half];\n        __syncthreads();",
        "if (t < half) { partial[t] += partial[t + half]; __syncthreads(); }",
        "divergent barrier",
    ),
    Bug(
        "exit before a barrier",
        "block reduction, float",
        "partial[t] = sum;",
        "if (t >= 100) return;",
        "divergent barrier",
    ),
    Bug("shared array too short", "block reduction, float", "partial[128]", "partial[127]", "out of bounds"),
    Bug(
        "a warp's share not stored",
        "block reduction, float",
        "partial[t] = sum;",
        "if (t < 96) partial[t] = sum;",
        "uninitialised",
    ),
    Bug("plain sum over blocks", "block reduction, float", "y[blockIdx.x] =", "y[0] =", "race"),
    Bug(
        "no barrier between warps",
        "warp shuffle reduction",
        "__syncthreads();",
        "",
        "race",
        "of_warp[t >> 5] = sum;",
    ),
    Bug(
        "full mask, half a warp", "warp shuffle reduction", "if (t < 32) {", "if (t < 16) {", "divergent warp"
    ),
    Bug(
        "lane not in the mask",
        "warp shuffle reduction",
        "(0xffffffffu, sum, by)",
        "(0x0000ffffu, sum, by)",
        "divergent warp",
    ),
    Bug("too many warps read", "warp shuffle reduction", "lane < 4 ?", "lane < 5 ?", "out of bounds"),
    Bug("a warp is not in step", "last block", "__syncwarp();", "", "race", "tree[t] += other;"),
    Bug("atomic without a fence", "last block", "__threadfence();", "", "race"),
    Bug("count without an atomic", "last block", "atomicAdd(finished, 1u)", "(*finished)++", "race"),
    Bug(
        "add without an atomic",
        "votes and atomics",
        "atomicAdd(&counts[1], __popc(positive))",
        "counts[1] += __popc(positive)",
        "race",
    ),
    Bug(
        "vote in a branch",
        "votes and atomics",
        "unsigned positive",
        "if (threadIdx.x % 32 > 15) return;\n unsigned positive",
        "divergent warp",
    ),
    Bug("tile not there yet", "tiled matrix product", "__syncthreads();  // the tile is there", "", "race"),
    Bug("tile not used up", "tiled matrix product", "__syncthreads();  // the tile is used up", "", "race"),
    Bug("no test of rows", "tiled matrix product", "row0 + row < m && k0", "k0", "out of bounds"),
    Bug(
        "no test of columns", "tiled matrix product", "row < m && column < n", "row < m", "race|out of bounds"
    ),
    Bug(
        "column of a tile",
        "tiled matrix product",
        "&b_tile[kk][4 * tx]",
        "&b_tile[kk][4 * tx + 1]",
        "misaligned",
    ),
    Bug("padding breaks alignment", "tiled matrix product", "a_tile[16][36]", "a_tile[16][35]", "misaligned"),
    Bug(
        "row of a tile",
        "tiled matrix product",
        "a_tile[kk + 3][row]",
        "a_tile[kk + 4][row]",
        "race|out of bounds",
    ),
    Bug("one part over another", "split-K", "blockIdx.y * m * n + i", "i", "race"),
    Bug("a part too many", "split-K", "s < parts;", "s <= parts;", "out of bounds"),
    Bug(
        "a part not written",
        "split-K",
        "float sum = 0.0f;",
        "if (blockIdx.y == 3) return;\nfloat sum = 0;",
        "uninitialised",
    ),
    Bug("no split of the last part", "split-K", "min(first + part, k)", "first + part", "out of bounds"),
    Bug("division by zero", "split-K", "a[i / n * k", "a[i / (n - 9) * k", "arithmetic"),
    Bug("index overflows", "split-K", "int i = blockIdx", "int i = (n << 27) * 16 + blockIdx", "arithmetic"),
    Bug("no wait", "cp.async and mma", "cp_async_wait<1>();", "", "cp.async"),
    Bug("waits for too few", "cp.async and mma", "cp_async_wait<1>", "cp_async_wait<2>", "cp.async"),
    Bug("last stage not waited for", "cp.async and mma", "cp_async_wait<0>();", "", "cp.async"),
    Bug("not committed", "cp.async and mma", "cp_async_commit();", "", "cp.async", "from + k0 + column);"),
    Bug(
        "wait before no barrier",
        "cp.async and mma",
        "__syncwarp();  // every lane's",
        "// every lane's",
        "race|cp.async",
    ),
    Bug(
        "stage overwritten",
        "cp.async and mma",
        "__syncwarp();  // every lane has",
        "// every lane has",
        "race",
    ),
    Bug("one stage for both", "cp.async and mma", "s ^= 1", "s ^= 0", "cp.async"),
    Bug("copy off by one", "cp.async and mma", "from + k0 + column", "from + k0 + column + 1", "misaligned"),
    Bug("stages too large", "cp.async and mma", "24 * 12;", "24 * 13;", "out of bounds"),
    Bug(
        "mma without a lane",
        "cp.async and mma",
        "mma_m16n8k8_tf32(d, x, y);",
        "if (lane < 31) mma_m16n8k8_tf32(d, x, y);",
        "divergent warp",
    ),
    Bug(
        "copy into a global array",
        "cp.async and mma",
        "cp_async16(stage +",
        "cp_async16((float *)a +",
        "out of bounds",
    ),
]


def with_bug(bug: Bug) -> str:
    source = source_of(SAMPLES[bug.sample][0])
    sample_start = source.rindex("#endif")  # the samples, not the intrinsics
    at = source.index(bug.old, source.index(bug.after, sample_start))
    return source[:at] + bug.new + source[at + len(bug.old) :]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.what)
def test_a_planted_bug_is_caught(bug: Bug) -> None:
    _, run = SAMPLES[bug.sample]
    source = with_bug(bug)
    for seed in (0, 1, 2):
        with pytest.raises(EmulatorError) as caught:
            run(Emulator(check=True, seed=seed), source)
        assert caught.value.kind in bug.kind.split("|"), caught.value
        assert re.search(r"block \(\d+,\d+,\d+\) thread \(\d+,\d+,\d+\): ", str(caught.value))
