"""Skips the gate where its compiler is not installed; where CI is set, that is a failure."""

from __future__ import annotations

import os

import pytest

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
        _without(str(error))
    else:
        if found != wanted:
            _without(f"the gate's budget is NVRTC {wanted}'s, and this is {found}: pip install -e '.[gate]'")


def _without(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(f"NVRTC: {reason}")
