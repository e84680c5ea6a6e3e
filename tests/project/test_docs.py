"""The Python snippets of README and docs/ run as printed, and print what the page shows."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from tests.processes import ROOT

BLOCK = re.compile(
    r"^```python\n(.*?)^```$(?:\n+^(<!-- [^\n]* -->\n)?```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL
)
NUMBER = re.compile(r"[-+]?\d+(?:,\d{3})*(?:\.\d*)?(?:e[-+]?\d+)?")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
FILE = re.compile(r"`((?:minigrad|gans|benchmarks|tests|tools|examples|docs)/[\w./*-]*)`")
BUILT = ROOT / "docs" / "_build"
PAGES = [
    ROOT / "README.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if BUILT not in page.parents),
]
WITH_SNIPPETS = [page for page in PAGES if "```python" in page.read_text("utf-8")]


def my_gan() -> str:
    """The system of a user's own that README prints."""
    text = (ROOT / "README.md").read_text("utf-8")
    [code] = re.findall(r"^```python\n(# my_gan\.py.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return str(code)


def run_snippets(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names that the page's snippets leave; they write into the folder.

    A block of text right after a snippet is what it prints. Numbers may differ in their last digit, or by the
    share that a comment between the two gives: ``<!-- numbers within 20% -->``.
    """
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    (folder / "my_gan.py").write_text(my_gan(), "utf-8")
    names: dict[str, Any] = {"__name__": page.stem}
    for number, (snippet, comment, expected) in enumerate(BLOCK.findall(page.read_text("utf-8")), 1):
        title = f"{page.name} snippet {number}"
        with redirect_stdout(StringIO()) as printed:
            exec(compile(snippet, title, "exec", dont_inherit=True), names)
        if expected:
            assert not differences(expected, printed.getvalue(), share_of(comment)), title
    return names


def share_of(comment: str) -> float:
    """0.2 of ``<!-- numbers within 20% -->``, 0 without a comment."""
    if not comment:
        return 0.0
    match = re.fullmatch(r"<!-- numbers within (\d+)% -->\n", comment)
    assert match, comment
    return int(match[1]) / 100


def differences(expected: str, printed: str, share: float) -> list[str]:
    """The lines that differ, with both texts; numbers by more than share and last digit."""
    pairs = zip_longest(expected.rstrip().split("\n"), printed.rstrip().split("\n"), fillvalue="")
    return [f"{a!r} != {b!r}" for a, b in pairs if not same_line(a.rstrip(), b.rstrip(), share)]


def same_line(expected: str, printed: str, share: float) -> bool:
    words = [" ".join(NUMBER.sub("#", line).split()) for line in (expected, printed)]
    numbers = zip(NUMBER.findall(expected), NUMBER.findall(printed), strict=False)
    return words[0] == words[1] and all(near(a, b, share) for a, b in numbers)


def near(expected: str, printed: str, share: float) -> bool:
    a, b = (float(text.replace(",", "")) for text in (expected, printed))
    fraction = expected.partition("e")[0].partition(".")
    unit = 10.0 ** -len(fraction[2]) if fraction[1] else 0.0
    return abs(a - b) <= 1.001 * unit + share * abs(a)


def test_a_result_that_is_not_the_printed_one_is_found() -> None:
    assert not differences("a 1.25, b 3\n", "a 1.24,  b 3\n", 0.0)
    assert differences("a 1.25, b 3\n", "a 1.22, b 3\n", 0.0)
    assert differences("a 1.25, b 3\n", "a 1.25, b 4\n", 0.0)
    assert differences("a 1.25, b 3\n", "b 1.25, a 3\n", 0.0)
    assert differences("one\n", "one\ntwo\n", 0.0)
    assert not differences("loss 1.0\n", "loss 1.2\n", 0.1)
    assert differences("loss 1.0\n", "loss 1.3\n", 0.1)


@pytest.mark.parametrize("page", WITH_SNIPPETS, ids=lambda page: page.name)
def test_snippets_run_and_print_what_the_page_shows(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_snippets(page, tmp_path, monkeypatch)
    if page == ROOT / "README.md":
        assert (tmp_path / "ring.png").is_file()
        assert (tmp_path / "runs" / "gan-ring" / "checkpoint.safetensors").is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_are_there(page: Path) -> None:
    for target in LINK.findall(page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_the_text_names_are_there(page: Path) -> None:
    for path in FILE.findall(page.read_text("utf-8")):
        assert list(ROOT.glob(path.rstrip("/"))), path


def test_readme_leads_to_the_first_page() -> None:
    assert "docs/index.md" in LINK.findall((ROOT / "README.md").read_text("utf-8"))
