"""The script that writes docs/questions/."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gans.cli.parser import parser
from gans.errors import UserError
from gans.study.comparisons.questions import QUESTIONS
from tools import questions


def test_the_index_is_what_the_questions_give() -> None:
    assert (questions.DOCS / "index.md").read_text("utf-8") == questions.index()
    assert {path.stem for path in questions.DOCS.glob("*.md")} == {*QUESTIONS, "index"}


@pytest.mark.parametrize("name", QUESTIONS)
def test_commands_on_the_pages_are_read_by_the_command_line(name: str) -> None:
    for case in QUESTIONS[name].cases:
        _, *words = questions.command(case).split()
        parsed = parser(words).parse_args(words)
        assert (parsed.model, parsed.change) == (case.model, case.change)
        for option, value in case.options.items():
            assert str(getattr(parsed, option)) == str(value)


def test_a_page_is_written_from_its_comparisons(tmp_path: Path) -> None:
    questions.main(["detach-in-g"], tmp_path)
    written = (tmp_path / "detach-in-g.md").read_text("utf-8")
    assert written.startswith("# May I detach the fakes in G's step too?\n\nNo: then the gradient of every")
    assert "+     fake = s.G(s.z).detach()" in written
    assert "**G's step**: zero in B; loss 0.89" in written
    assert "| generator.13.bias | 0.2" in written
    assert sorted(path.name for path in tmp_path.iterdir()) == ["detach-in-g.md", "index.md"]


def test_a_page_whose_numbers_refute_it_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(QUESTIONS, "label", replace(QUESTIONS["label"], holds=lambda *each: False))
    with pytest.raises(UserError, match="label: the numbers are not as the answer says"):
        questions.main(["label"], tmp_path)
    assert not list(tmp_path.iterdir())
