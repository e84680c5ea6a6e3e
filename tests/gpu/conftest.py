"""What every test of CUDA kernels needs."""

from __future__ import annotations

import pytest

from tests.gpu import missing
from tests.gpu.emulator import CompilerMissing
from tests.gpu.emulator.building import compiler


@pytest.fixture(scope="session")
def emulator_at_hand() -> None:
    """Skips what needs the emulator where there is no g++."""
    try:
        compiler()
    except CompilerMissing as error:
        missing.skip(str(error))
