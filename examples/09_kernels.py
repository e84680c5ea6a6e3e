"""Kernels measured: a hand-written convolution beside the same one in plain NumPy.

Every kernel is there twice for the CPU, with one name and one signature: ``reference`` is written to be read,
``cpu`` to be fast. Results are compared first; then the two run in turn, so that both meet the same machine.

    python examples/09_kernels.py [CALLS]

It prints the largest difference of the results, the median time of each, and operations per second. For
every kernel, beside PyTorch and the machine's limits: ``python -m benchmarks kernels``.
"""

import sys
from statistics import median
from time import perf_counter

import numpy as np

from minigrad.kernels import cpu, reference
from minigrad.kernels.geometry import Geometry

CALLS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
rng = np.random.default_rng(0)

# A layer of DCGAN's discriminator: 64 images of 64 channels -> 128 channels, kernel 4, stride 2, padding 1.
x = rng.standard_normal((64, 64, 14, 14), np.float32)
w = rng.standard_normal((128, 64, 4, 4), np.float32)
arguments = x, w, Geometry(stride=(2, 2), padding=(1, 1))


def seconds(kernel):
    start = perf_counter()
    kernel(*arguments)
    return perf_counter() - start


expected = reference.conv2d(*arguments)
y = cpu.conv2d(*arguments)  # compiles the kernel, or reads it from the disk's cache
difference = np.abs(y - expected).max() / np.abs(expected).max()
print(f"y {y.shape}   largest difference {difference:.1e} of the largest value")

times = [(seconds(reference.conv2d), seconds(cpu.conv2d)) for _ in range(CALLS)]
plain, fast = (median(column) for column in zip(*times, strict=True))
operations = 2 * y.size * w[0].size  # a product and a sum for each weight of each output
print(f"reference   {plain * 1e3:8.2f} ms   {operations / plain / 1e9:7.1f} GFLOP/s")
print(f"cpu         {fast * 1e3:8.2f} ms   {operations / fast / 1e9:7.1f} GFLOP/s")
print(f"reference / cpu: {plain / fast:.1f}")
