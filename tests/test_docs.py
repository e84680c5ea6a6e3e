"""The Python snippets of README and docs/ run as printed, in order, as a reader types them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SNIPPET = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)\)")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def run_snippets(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names that the page's snippets leave; they write into the folder."""
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {"__name__": page.stem}
    for number, snippet in enumerate(SNIPPET.findall(page.read_text("utf-8")), 1):
        exec(compile(snippet, f"{page.name} snippet {number}", "exec"), names)
    return names


def test_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run_snippets(ROOT / "README.md", tmp_path, monkeypatch)
    assert "[ 3. 12. 27.] [ 6. 12. 18.]" in capsys.readouterr().out
    assert (tmp_path / "ring.png").is_file()
    assert (tmp_path / "runs" / "gan-ring" / "checkpoint.safetensors").is_file()


def test_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    names = run_snippets(ROOT / "docs" / "engine.md", tmp_path, monkeypatch)
    printed = capsys.readouterr().out
    assert re.search(r"^step 100  D \d\.\d{3}  G \d\.\d{3}$", printed, re.MULTILINE)
    assert names["penalty"].shape == ()


def test_no_other_page_has_snippets_that_nothing_runs() -> None:
    having = {page.name for page in PAGES if SNIPPET.search(page.read_text("utf-8"))}
    assert having == {"README.md", "engine.md"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_are_there(page: Path) -> None:
    for target in LINK.findall(page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_readme_names_each_page() -> None:
    named = LINK.findall((ROOT / "README.md").read_text("utf-8"))
    assert {f"docs/{page.name}" for page in PAGES[1:]} <= set(named)
