"""Skips the emulator's tests where there is no g++; where CI is set, that is a failure."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.gpu.emulator import CompilerMissing
from tests.gpu.emulator.building import compiler


@pytest.fixture(scope="session", autouse=True)
def compiler_at_hand() -> None:
    try:
        compiler()
    except CompilerMissing as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session", autouse=True)
def compiled_kernels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache of the session's own, unless one is chosen: nobody else needs these broken kernels."""
    if "CUDA_EMULATOR_CACHE" in os.environ:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_EMULATOR_CACHE", str(tmp_path_factory.mktemp("cuda_emulator")))
        yield
