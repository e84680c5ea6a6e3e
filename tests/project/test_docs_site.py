"""The parts of the site's build: docstrings as Markdown, and the check of links."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

PARTS = Path(__file__).parents[2] / "docs" / "_sphinx"


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that imports a module of docs/_sphinx."""
    monkeypatch.syspath_prepend(str(PARTS))
    yield __import__
    for name in ("check_links", "docstrings"):
        sys.modules.pop(name, None)


def test_a_docstring_keeps_its_signs_and_layout(parts: Any) -> None:
    text = """\
    weight mean((|g| - 1)^2) of ``x * y``, as in ``a_b``:

        y = x * w

    x       the input,
            (n, c)
    slope   a *number*

    - one
    - two that
      goes on

    >>> 1 + 1
    2
    """
    assert parts("docstrings").markdown(dedent(text)) == dedent(
        """\
        weight mean((\\|g\\| - 1)\\^2) of ``x * y``, as in ``a_b``:

        ```text
        y = x * w
        ```

        - ``x``: the input, (n, c)
        - ``slope``: a \\*number\\*

        - one
        - two that goes on

        ```pycon
        >>> 1 + 1
        2
        ```"""
    )


def test_a_line_of_text_is_no_list_and_no_heading(parts: Any) -> None:
    assert parts("docstrings").markdown("a sum\n= b\n") == "a sum = b"
    assert parts("docstrings").markdown("+ 1") == "\\+ 1"


def test_links_that_lead_nowhere_are_found(parts: Any, tmp_path: Path) -> None:
    faults = parts("check_links").faults
    (tmp_path / "b.html").write_text('<h1 id="there">b</h1>', "utf-8")
    good = '<a href="b.html#there"></a><a href="b.html"></a><a href="#own" id="own"></a><a href="https://x.y"></a>'
    (tmp_path / "a.html").write_text(good, "utf-8")
    assert faults(tmp_path) == []
    (tmp_path / "a.html").write_text(
        '<a href="c.html"></a><a href="b.html#gone"></a><img src="d.png">', "utf-8"
    )
    assert faults(tmp_path) == [
        "a.html: c.html: no such file",
        "a.html: b.html#gone: no such anchor",
        "a.html: d.png: no such file",
    ]


def test_a_folder_without_pages_is_a_fault(parts: Any, tmp_path: Path) -> None:
    assert parts("check_links").faults(tmp_path) != []
