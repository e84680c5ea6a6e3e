"""Each Python snippet of README runs as printed, one after the other, as a reader would type them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SNIPPET = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_snippets_run_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    snippets = SNIPPET.findall((ROOT / "README.md").read_text("utf-8"))
    assert len(snippets) >= 6
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "readme"}
    for number, snippet in enumerate(snippets, 1):
        exec(compile(snippet, f"README snippet {number}", "exec"), names)
    assert (tmp_path / "ring.png").is_file()
    assert (tmp_path / "runs" / "gan-ring" / "checkpoint.safetensors").is_file()
    printed = capsys.readouterr().out
    assert re.search(r"^step 100  D \d\.\d{3}  G \d\.\d{3}$", printed, re.MULTILINE)
    assert names["penalty"].shape == ()
