"""The tests of kernels run twice: as fast as the emulator can, and with its checks of every access."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from minigrad.kernels.cuda import loading


@pytest.fixture(scope="module", params=[False, True], ids=["emulated", "emulated-checked"])
def emulated(request: pytest.FixtureRequest) -> Iterator[None]:
    """CUDA sources are executed on the CPU."""
    emulator = pytest.importorskip("tests.cuda_emulator", reason="there is no tests/cuda_emulator to run on")
    with loading.use(emulator.Emulator(check=request.param, seed=1)):
        yield
