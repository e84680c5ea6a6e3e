"""The example of a GPU computes there what it computes on the CPU."""

from __future__ import annotations

import re
import runpy
from types import ModuleType

import pytest

from tests.processes import ROOT

SCRIPT = ROOT / "examples" / "10_gpu.py"


def test_the_example_of_a_gpu_trains_there(cupy: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(SCRIPT), run_name="__main__")
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    cpu, cuda = ([float(x) for x in re.findall(r"\d\.\d+", lines[device])] for device in ("cpu", "cuda"))
    assert len(cuda) == 5
    assert cuda[-1] < cuda[0]
    assert cuda == pytest.approx(cpu, abs=1e-4)
