"""Settings of the examples in docstrings.

minigrad is imported before pytest collects them. Of a package that is not imported yet, pytest imports a
module by its path: ``pytest minigrad/tensor.py`` would make a second Tensor class.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
SHARE = max(1, (os.cpu_count() or 1) // WORKERS)
"""The threads of one worker. More of them than cores would spend their time waiting for each other."""

os.environ.setdefault("OPENBLAS_NUM_THREADS", str(SHARE))  # OpenBLAS reads it when NumPy is imported

import numba
import pytest

from minigrad.kernels.cpu.runtime.compiling import start_pool
from minigrad.registry import registry

RUN_CODE = ("test_docs.py", "test_draw_docs.py", "test_example_scripts.py")
"""Tests that run the code of pages and examples, which defines ops as docstrings do."""


def pytest_collection_finish() -> None:
    """Keep what collection made, half a million objects that stay, out of each later collection of garbage.

    Looking at all of them again and again took a twelfth of a worker's time.
    """
    gc.collect()
    gc.freeze()


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
