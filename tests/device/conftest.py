"""Tests of device="cuda" without a GPU: on a fake CuPy, or on NumPy arrays served by the CUDA kernels."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from minigrad.kernels.cuda import loading
from tests.cuda_emulator.conftest import compiler_at_hand  # noqa: F401


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The fake CuPy, wherever a real one is or is not; its counts begin at 0."""
    from tests import fake_cupy

    monkeypatch.setitem(sys.modules, "cupy", fake_cupy)
    fake_cupy.arrays.device.reset()
    with loading.use(loading.CuPy()):  # of its own, so that no other test gets its functions
        yield fake_cupy
