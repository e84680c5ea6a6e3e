"""A GPU's clock, its limits and its name. Each side reads them through its own library, CuPy or PyTorch."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from benchmarks.peers import PYTORCH
from minigrad.devices import xp_on
from minigrad.kernels.precision import allow_tf32

CALLS = 10  # between two waits for the device
ROUNDS = 8
COPIED = 1 << 30  # bytes of an array that is copied: more than any cache
SIDE = 8192  # of the matrices whose product shows the tensor cores' rate
CYCLES = 2e9  # of a multiprocessor in a second, or fewer
BLOCKS, THREADS, LOOPS, CHAINS = 4096, 256, 4096, 16

FMA_CHAINS = """
extern "C" __global__ void __launch_bounds__(THREADS) fma_chains(float* y, float factor) {
  float s[CHAINS];
#pragma unroll
  for (int j = 0; j < CHAINS; ++j) s[j] = threadIdx.x + j;
  for (int i = 0; i < LOOPS; ++i) {
#pragma unroll
    for (int j = 0; j < CHAINS; ++j) s[j] = fmaf(s[j], factor, 1.0f);
  }
  float sum = 0;
#pragma unroll
  for (int j = 0; j < CHAINS; ++j) sum += s[j];
  y[blockIdx.x * THREADS + threadIdx.x] = sum;
}
"""
"""CHAINS independent sums s = factor s + 1 for each thread, all in registers."""


HOLD = """
extern "C" __global__ void hold(long long cycles) {
  const long long start = clock64();
  while (clock64() - start < cycles) {
  }
}
"""
"""One thread that waits."""


class Ceilings(NamedTuple):
    """Measured limits; GFLOP/s of float32 and TF32, GB/s read plus written. A side measures what it can."""

    fma: float = 0.0
    tf32: float = 0.0
    copy: float = 0.0

    def or_higher(self, other: Ceilings) -> Ceilings:
        """Of two measurements, the higher of each figure."""
        return Ceilings(*map(max, self, other))

    def describe(self) -> str:
        """The limits in words."""
        tf32 = f"{self.tf32:.0f} GFLOP/s of PyTorch's product in TF32" if self.tf32 else "TF32 not measured"
        return (
            f"Ceilings measured in this run on the GPU: {self.fma:.0f} GFLOP/s of FMA in registers, {tf32}, "
            f"{self.copy:.0f} GB/s of copying (read + write).\nA kernel alone may find its operands in the "
            "cache, and then moves more than copying memory does."
        )


class Clock(NamedTuple):
    """A library's events: ``mark()`` enters one after all work so far, ``seconds(a, b)`` is between two.

    ``hold(seconds)`` keeps the device busy for so long at least, behind its work so far.
    """

    mark: Callable[[], Any]
    seconds: Callable[[Any, Any], float]
    hold: Callable[[float], None]


def clock_of(side: str) -> Clock:
    """The clock of a side's library."""
    if side in PYTORCH:
        import torch

        def torch_mark() -> Any:
            event = torch.cuda.Event(enable_timing=True)
            event.record()
            return event

        return Clock(
            torch_mark,
            lambda a, b: a.elapsed_time(b) / 1e3,
            lambda seconds: torch.cuda._sleep(int(seconds * CYCLES)),
        )
    cupy = xp_on("cuda")

    def cupy_mark() -> Any:
        event = cupy.cuda.Event()
        event.record()
        return event

    hold = cupy.RawKernel(HOLD, "hold")
    return Clock(
        cupy_mark,
        lambda a, b: cupy.cuda.get_elapsed_time(a, b) / 1e3,
        lambda seconds: hold((1,), (1,), (np.int64(seconds * CYCLES),)),
    )


def take_turn(
    function: Callable[[], Any], warm: float, counted: float, clock: Clock, *, held: bool
) -> list[float]:
    """A rival's turn on a GPU: see ``timing.Rival`` and ``repeated``."""
    repeated(function, warm, clock, held=held)
    return repeated(function, counted, clock, held=held)


def repeated(function: Callable[[], Any], seconds: float, clock: Clock, *, held: bool = False) -> list[float]:
    """The times between the ends of successive calls that take ``seconds`` together.

    The host runs ahead of the device for CALLS calls, as in a training; if the host is slower, the times are
    the host's. With ``held`` the device starts after the host has finished, and the times are the device's
    own: a kernel of a few microseconds takes less than its call from Python. Then CALLS calls are timed
    together, since an event between them would count too, and waiting is part of ``seconds``.
    """
    times: list[float] = []
    start = time.perf_counter()
    for _ in range(CALLS if held else 0):
        function()
    hold, passed = 2 * (time.perf_counter() - start), 0.0
    while not times or passed < seconds:
        if held:
            clock.hold(hold)
            passed += hold
        marks = [clock.mark()]
        for _ in range(CALLS):
            function()
            if not held:
                marks.append(clock.mark())
        if held:
            marks.append(clock.mark())
        marks[-1].synchronize()
        between = [clock.seconds(a, b) for a, b in pairwise(marks)]
        times += [between[0] / CALLS] * CALLS if held else between
        passed += sum(between)
    return times


def ceilings(side: str) -> Ceilings:
    """FMA and copying by a kernel of ours and CuPy, for minigrad's side; TF32 by PyTorch's product."""
    clock = clock_of(side)
    if side in PYTORCH:
        return Ceilings(tf32=2 * SIDE**3 / _best(_tf32_product(), clock) / 1e9)
    cupy = xp_on("cuda")
    source = cupy.ones(COPIED // 4, "float32")
    target = cupy.empty_like(source)
    options = tuple(f"-D{name}={value}" for name, value in _SIZES.items())
    kernel = cupy.RawKernel(FMA_CHAINS, "fma_chains", options=options)
    sums, factor = cupy.empty(BLOCKS * THREADS, "float32"), np.float32(0.5)
    flops = 2 * BLOCKS * THREADS * LOOPS * CHAINS
    return Ceilings(
        fma=flops / _best(lambda: kernel((BLOCKS,), (THREADS,), (sums, factor)), clock) / 1e9,
        copy=2 * COPIED / _best(lambda: cupy.copyto(target, source), clock) / 1e9,
    )


_SIZES = {"THREADS": THREADS, "LOOPS": LOOPS, "CHAINS": CHAINS}


def _tf32_product() -> Callable[[], Any]:
    import torch

    a, b, c = (torch.randn(SIDE, SIDE, device="cuda") for _ in range(3))  # equal numbers draw less power

    def product() -> None:
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("high")
        torch.mm(a, b, out=c)
        torch.set_float32_matmul_precision(before)

    return product


def _best(function: Callable[[], Any], clock: Clock) -> float:
    """The seconds of the fastest call: a ceiling is a rate that was reached once."""
    return min(min(repeated(function, 0.0, clock)) for _ in range(ROUNDS))


def precision(side: str, tf32: bool) -> AbstractContextManager[None]:
    """A block in which the side's products may round to TF32, or may not.

    PyTorch's own settings, which differ between cuDNN and cuBLAS, are both set, and stay.
    """
    if side in PYTORCH:
        import torch

        torch.set_float32_matmul_precision("high" if tf32 else "highest")
        torch.backends.cudnn.allow_tf32 = tf32
        return nullcontext()
    return allow_tf32(tf32)


def figures(device: str) -> dict[str, Any]:
    """The fields of a record about the device."""
    return {"gpu": description()} if device == "cuda" else {}


def description() -> dict[str, Any]:
    """The GPU, its driver, and the CUDA that CuPy and the driver are of."""
    cupy = xp_on("cuda")
    runtime = cupy.cuda.runtime
    properties = runtime.getDeviceProperties(runtime.getDevice())
    return {
        "name": properties["name"].decode(),
        "multiprocessors": properties["multiProcessorCount"],
        "memory_gib": round(properties["totalGlobalMem"] / 2**30, 1),
        "compute_capability": f"{properties['major']}.{properties['minor']}",
        "driver": _driver(),
        "driver_cuda": runtime.driverGetVersion(),
        "runtime_cuda": runtime.runtimeGetVersion(),
        "cupy": cupy.__version__,
    }


def _driver() -> str:
    """The driver's version as nvidia-smi gives it."""
    path = shutil.which("nvidia-smi")
    if path is None:
        return "unknown: nvidia-smi is not on the path"
    command = [path, "--query-gpu=driver_version", "--format=csv,noheader"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
