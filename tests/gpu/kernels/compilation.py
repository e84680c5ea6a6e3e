"""Every source compiled for the GPU at hand, on all cores: ``python -m tests.gpu.kernels.compilation``.

CuPy keeps what it compiled on disk, for processes to come. One that starts without it compiles one source
after the other, which takes about a minute for all of them.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor, as_completed

from minigrad.kernels.cuda.runtime import loading
from tests.gpu.kernels.sources import sources


def compile_one(name: str) -> float:
    """Seconds that CuPy took for the source of that name; what it refuses is raised."""
    source, start = sources()[name], time.perf_counter()
    module = loading.CuPy().module(source.text, source.options, source.instances)
    for instance in source.instances:
        module.function(instance)
    return time.perf_counter() - start


def main() -> None:
    """Compile all; the longest texts first."""
    texts = sources()
    names = sorted(texts, key=lambda name: len(texts[name].text), reverse=True)
    workers = min(len(names), len(os.sched_getaffinity(0)))
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as processes:
        jobs = {processes.submit(compile_one, name): name for name in names}
        for job in as_completed(jobs):
            print(f"{jobs[job]}: {job.result():.1f} s", flush=True)


if __name__ == "__main__":
    main()
