"""Skips the gate where its compiler is not installed."""

from __future__ import annotations

import pytest

from tests.gpu import missing
from tests.gpu.gate import budget
from tests.gpu.gate.compiling import disassembler
from tests.gpu.gate.nvrtc import ToolMissing, version


@pytest.fixture(scope="session", autouse=True)
def compiler_at_hand() -> None:
    wanted, _ = budget.load()
    try:
        disassembler()
        found = version()
    except ToolMissing as error:
        missing.skip(f"NVRTC: {error}")
    else:
        if found != wanted:
            missing.skip(
                f"NVRTC: the gate's budget is {wanted}'s, and this is {found}: pip install -e '.[gate]'"
            )
