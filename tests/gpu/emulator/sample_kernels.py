"""Small kernels of the project's kinds (samples/*.cu), each with a launch and the result by NumPy."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from tests.gpu.emulator import Emulator, uninitialised
from tests.gpu.emulator.arguments import Array

FOLDER = Path(__file__).parent / "samples"

Run = Callable[
    [Emulator, str], tuple[Array, Array]
]  # emulator, source -> what the kernel gave, what NumPy expects


@cache
def source_of(file: str) -> str:
    """A sample's source as CuPy would get it: the intrinsics, then the file."""
    return (FOLDER / "intrinsics.cuh").read_text() + (FOLDER / file).read_text()


def numbers(*shape: int) -> Array:
    """Normal random numbers, the same at every call."""
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def leaky_relu(emulator: Emulator, source: str) -> tuple[Array, Array]:
    x = numbers(303)
    y = uninitialised(x.shape)
    kernel = emulator.module(source).function("leaky_relu")
    kernel((2,), (64,), (x, y, np.float32(0.2), np.int32(x.size)))
    return y, np.where(x > 0, x, x * np.float32(0.2))


def rows_summed_by(name: str, dtype: type[np.floating]) -> Run:
    def run(emulator: Emulator, source: str) -> tuple[Array, Array]:
        x = numbers(3, 300).astype(dtype)
        y = uninitialised(3, dtype)
        emulator.module(source).function(name)((3,), (128,), (x, y, np.int32(300)))
        return y, x.sum(axis=1)

    return run


def sum_all(emulator: Emulator, source: str) -> tuple[Array, Array]:
    x = numbers(150)
    partial, y, finished = uninitialised(5), uninitialised(1), np.zeros(1, np.uint32)
    emulator.module(source).function("sum_all")((5,), (32,), (x, partial, finished, y, np.int32(x.size)))
    return y, x.sum(keepdims=True)


def count_signs(emulator: Emulator, source: str) -> tuple[Array, Array]:
    x, counts = numbers(150), np.zeros(2, np.int32)
    emulator.module(source).function("count_signs")((3,), (64,), (x, counts, np.int32(x.size)))
    return counts, np.array([(x <= 0).sum(), (x > 0).sum()])


def matmul(emulator: Emulator, source: str) -> tuple[Array, Array]:
    a, b = numbers(37, 20), numbers(20, 40)
    c = uninitialised((37, 40))
    emulator.module(source).function("matmul")(
        (2, 2), (64,), (a, b, c, np.int32(37), np.int32(40), np.int32(20))
    )
    return c, a @ b


def split_k(emulator: Emulator, source: str) -> tuple[Array, Array]:
    a, b = numbers(7, 50), numbers(50, 9)
    partial, c = uninitialised((4, 7, 9)), uninitialised((7, 9))
    module = emulator.module(source, name_expressions=("matmul_part", "add_parts"))
    sizes = (np.int32(7), np.int32(9), np.int32(50), np.int32(13))
    module.function("matmul_part")((2, 4), (32,), (a, b, partial, *sizes))
    module.function("add_parts")((2,), (32,), (partial, c, np.int32(63), np.int32(4)))
    return c, a @ b


def matmul_tf32(emulator: Emulator, source: str) -> tuple[Array, Array]:
    a, b = np.round(8 * numbers(16, 24)), np.round(8 * numbers(8, 24))  # exact in TF32
    c = uninitialised((16, 8))
    kernel = emulator.module(source).function("matmul_tf32")
    kernel((1,), (32,), (a, b, c, np.int32(24)), shared_mem=2 * 24 * 12 * 4)
    return c, a @ b.T


SAMPLES: dict[str, tuple[str, Run]] = {
    "elementwise with a tail": ("leaky_relu.cu", leaky_relu),
    "block reduction, float": ("reduce.cu", rows_summed_by("sum_rows<float>", np.float32)),
    "block reduction, double": ("reduce.cu", rows_summed_by("sum_rows<double>", np.float64)),
    "warp shuffle reduction": ("reduce.cu", rows_summed_by("sum_rows_by_warps<float>", np.float32)),
    "last block": ("reduce.cu", sum_all),
    "votes and atomics": ("reduce.cu", count_signs),
    "tiled matrix product": ("matmul.cu", matmul),
    "split-K": ("matmul.cu", split_k),
    "cp.async and mma": ("pipelined.cu", matmul_tf32),
}
