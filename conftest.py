"""Settings of the examples in docstrings.

minigrad is imported before pytest collects them. Of a package that is not imported yet, pytest imports a
module by its path: ``pytest minigrad/tensor.py`` would make a second Tensor class.
"""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Iterator

WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
SHARE = max(1, (os.cpu_count() or 1) // WORKERS)
"""The threads of one worker. More of them than cores would spend their time waiting for each other."""

os.environ.setdefault("OPENBLAS_NUM_THREADS", str(SHARE))  # OpenBLAS reads it when NumPy is imported
os.environ.setdefault("OMP_NUM_THREADS", str(SHARE))  # PyTorch's OpenMP, when it is imported

import numba
import pytest

from minigrad.kernels.cpu.runtime.compiling import start_pool
from minigrad.registry import registry

RUN_CODE = ("test_docs.py", "test_draw_docs.py", "test_example_scripts.py")
"""Tests that run the code of pages and examples, which defines ops as docstrings do."""


FIRST = (
    "tests/minigrad/ops/test_ops.py",  # compiles most of the CPU's kernels in one worker
    "tests/gpu/kernels/",  # what compiles CUDA and needs few of these kernels, meanwhile in the others
    "tests/gpu/emulator/",
    "tests/gpu/mutants/",
    "tests/gpu/",
    "tests/project/",
    "tests/minigrad/distributed/",
    "tests/gans/",  # files whose tests take seconds
    "tests/benchmarks/",
    "tests/fuzz/",
    "tests/",  # files whose tests take milliseconds, so that the workers end together
)
"""The order of files in several workers, which would compile the same kernels if all began with them."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the files of a worker in the order of ``FIRST``, and among those of a row the longest first."""
    if not hasattr(config, "workerinput"):
        return
    files = [item.nodeid.partition("::")[0] for item in items]
    rows = {f: next((i for i, start in enumerate(FIRST) if f.startswith(start)), len(FIRST)) for f in files}
    counts = Counter(files)
    items.sort(key=lambda item: (rows[f := item.nodeid.partition("::")[0]], -counts[f]))


def pytest_collection_finish() -> None:
    """Keep what collection made, half a million objects that stay, out of each later collection of garbage.

    Looking at all of them again and again took a twelfth of a worker's time; looking at the new ones after
    each 700, as Python does, took a 25th, of which rarer looks save half.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(autouse=True)
def ops_of_examples(request: pytest.FixtureRequest) -> Iterator[None]:
    """Takes the ops that an example, page or script defines out of the registry."""
    before = set(registry)
    yield
    if isinstance(request.node, pytest.DoctestItem) or request.path.name in RUN_CODE:
        for name in set(registry) - before:
            del registry[name]


@pytest.fixture(autouse=True)
def threads_of_a_worker() -> None:
    """Gives kernels the worker's share of the cores; those of tests/minigrad/kernels get all cores."""
    start_pool()
    numba.set_num_threads(min(SHARE, numba.config.NUMBA_NUM_THREADS))
