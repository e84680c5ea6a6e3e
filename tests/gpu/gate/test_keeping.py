"""Compiled results are kept by all that decides them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.gpu.gate import compiling
from tests.gpu.gate.compiling import compiled
from tests.gpu.gate.keeping import kept
from tests.gpu.gate.nvrtc import CompileError

KERNEL = 'extern "C" __global__ void one(float* y) { *y = 1; }'


@pytest.fixture(autouse=True)
def of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("CUDA_GATE_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


def test_an_equal_key_gives_what_was_made_and_another_key_makes_anew(of_its_own: Path) -> None:
    made: list[int] = []

    def make() -> dict[str, int]:
        made.append(len(made))
        return {"number": made[-1]}

    assert [kept(key, make)["number"] for key in (("a", 1), ("a", 1), ("a", 2), ("a", 1))] == [0, 0, 1, 0]
    assert len(list(of_its_own.iterdir())) == 2  # and no file that was not finished
    for path in of_its_own.iterdir():
        path.unlink()
    assert kept(("a", 1), make) == {"number": 2}


def test_another_text_option_target_or_compiler_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def answer(*question: Any) -> dict[str, Any]:
        asked.append(question)
        return {"symbols": {}, "ptx": "", "cubin": "ff", "log": ""}

    monkeypatch.setattr(compiling, "_answer", answer)
    calls: list[tuple[Any, ...]] = [
        (KERNEL, (), ("one",), "sm_80"),
        (KERNEL + " ", (), ("one",), "sm_80"),
        (KERNEL, ("-DA=1",), ("one",), "sm_80"),
        (KERNEL, (), ("one", "two"), "sm_80"),
        (KERNEL, (), ("one",), "sm_90"),
    ]
    for _ in range(2):
        assert all(compiled(*call).cubin == b"\xff" for call in calls)
    assert asked == calls
    monkeypatch.setattr(compiling, "_packages", lambda: ("nvidia-cuda-nvrtc-cu12 99",))
    compiled(*calls[0])
    assert asked == [*calls, calls[0]]


def test_a_refusal_is_kept_too() -> None:
    for _ in range(2):
        with pytest.raises(CompileError, match="no_such_type"):
            compiled("no_such_type x;", (), (), "sm_90")
