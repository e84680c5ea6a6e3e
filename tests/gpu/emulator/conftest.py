"""The kernels of these tests are broken on purpose: none of them stays in the emulator's cache."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def compiled_kernels(emulator_at_hand: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of the session's own, unless ``CUDA_EMULATOR_CACHE`` names one."""
    if "CUDA_EMULATOR_CACHE" in os.environ:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_EMULATOR_CACHE", str(tmp_path_factory.mktemp("cuda_emulator")))
        yield
