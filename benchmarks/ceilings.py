"""The limits of this machine: fused multiply-adds on all threads, and copying memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

CHAINS = 12
"""Vectors of sums at a time: enough to fill two pipelines of latency 4, few enough for 16 registers."""

LANES = (4, 8, 16)
"""Widths of a vector of float32 to try: NEON, AVX2, AVX-512. A width that the machine lacks loses."""

COPIED = 1 << 28
"""Bytes of each of the two arrays of the copy: more than any cache."""


class Ceilings(NamedTuple):
    """Measured limits. ``fma`` and ``fma_one`` (a single thread) in GFLOP/s, ``copy`` in GB/s, read plus
    written; ``threads`` that ran.
    """

    fma: float
    fma_one: float
    copy: float
    threads: int

    def or_higher(self, other: Ceilings) -> Ceilings:
        """Of two measurements, the higher of each figure."""
        return Ceilings(*map(max, self, other))

    def describe(self) -> str:
        """The limits in words, with a warning if the threads do not have a core each."""
        words = (
            f"Ceilings measured in this run on {self.threads} threads: {self.fma:.0f} GFLOP/s of FMA in "
            f"registers ({self.fma_one:.0f} on one thread), {self.copy:.0f} GB/s of copying (read + write)."
            "\nA kernel alone may find its operands in a cache, and then moves more than copying memory does."
        )
        crowded = (
            "\n[bold]The threads seem to share a core:[/] together they are far slower than one times their "
            "number. Run again on an idle machine."
        )
        return words + crowded if self.crowded else words

    @property
    def crowded(self) -> bool:
        """Whether the threads together are far slower than one thread's rate times their number, as if two of
        them share a core."""
        return self.fma < 0.75 * self.threads * self.fma_one


def measure(rounds: int = 12, fma_loops: int = 1 << 21, copied: int = COPIED) -> Ceilings:
    """The best rates of all ``rounds``: a ceiling is a rate that was reached once."""
    threads = numba.get_num_threads()
    source, target = np.ones(copied // 4, np.float32), np.zeros(copied // 4, np.float32)
    sums = np.zeros(threads * 16, np.float32)
    kernels = [_fma_kernel(lanes) for lanes in LANES]
    flops = {lanes: 2.0 * CHAINS * lanes * fma_loops for lanes in LANES}

    def rate(workers: int) -> float:
        return max(
            workers * flops[lanes] / _seconds(lambda k=kernel: k(sums, workers, fma_loops))
            for lanes, kernel in zip(LANES, kernels, strict=True)
        )

    for kernel in kernels:
        kernel(sums, threads, 1)
    _copy(source[:threads], target[:threads], threads)
    return Ceilings(
        fma=max(rate(threads) for _ in range(rounds)) / 1e9,
        fma_one=max(rate(1) for _ in range(rounds)) / 1e9,
        copy=max(2 * copied / _seconds(lambda: _copy(source, target, threads)) for _ in range(rounds)) / 1e9,
        threads=threads,
    )


def _seconds(function: Callable[[], Any]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


@numba.njit(parallel=True)
def _copy(source: Any, target: Any, threads: int) -> None:
    for t in numba.prange(threads):
        low, high = t * source.size // threads, (t + 1) * source.size // threads
        target[low:high] = source[low:high]


@cache
def _fma_kernel(lanes: int) -> Any:
    """A function of (sums, threads, loops): each thread makes ``loops`` x CHAINS vector FMAs in registers."""

    @intrinsic
    def chains(_typing: Any, _loops: Any) -> Any:
        def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return _emit_chains(builder, arguments[0], lanes)

        return types.float32(types.int64), generate

    @numba.njit(parallel=True)
    def run(sums: Any, threads: int, loops: int) -> None:
        for t in numba.prange(threads):
            sums[t * 16] = chains(loops)

    return run


def _emit_chains(builder: Any, loops: Any, lanes: int) -> Any:
    """CHAINS independent sums s = s / 2 + 1, each a vector in a register; the first lane of their total."""
    vector = ir.VectorType(ir.FloatType(), lanes)
    fma = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fma.v{lanes}f32"
    )
    half, one = ir.Constant(vector, [0.5] * lanes), ir.Constant(vector, [1.0] * lanes)
    before = builder.block
    body, after = builder.append_basic_block("chains"), builder.append_basic_block("chains.end")
    builder.branch(body)
    builder.position_at_end(body)
    i = builder.phi(loops.type)
    i.add_incoming(ir.Constant(loops.type, 0), before)
    sums = [builder.phi(vector) for _ in range(CHAINS)]
    following = builder.add(i, ir.Constant(loops.type, 1))
    results = [builder.call(fma, [s, half, one]) for s in sums]
    i.add_incoming(following, body)
    for number, (s, result) in enumerate(zip(sums, results, strict=True)):
        s.add_incoming(ir.Constant(vector, [float(number)] * lanes), before)
        s.add_incoming(result, body)
    builder.cbranch(builder.icmp_signed("<", following, loops), body, after)
    builder.position_at_end(after)
    total = results[0]
    for result in results[1:]:
        total = builder.fadd(total, result)
    return builder.extract_element(total, ir.Constant(ir.IntType(32), 0))
