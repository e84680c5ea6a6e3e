"""Settings of the kernels' tests."""

from __future__ import annotations

import numba
import pytest

from minigrad.kernels.cpu.conv.winograd import forward, gradient
from minigrad.kernels.cpu.runtime.compiling import start_pool


@pytest.fixture(autouse=True)
def threads_of_a_worker() -> None:
    """Gives kernels all cores, so that several threads share their work."""
    start_pool()
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)


@pytest.fixture
def winograd_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets Winograd's algorithm convolve few images too, where direct products are quicker."""
    monkeypatch.setattr(forward, "work", lambda *_: 0.0)
    monkeypatch.setattr(gradient, "work", lambda *_: 0.0)
