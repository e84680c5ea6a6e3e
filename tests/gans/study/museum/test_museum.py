"""The bug museum: each bug is caught by its check, which the right code passes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gans.errors import UserError
from gans.study.museum import CHECKS, exhibit, find, names
from gans.study.museum.exhibit import checked
from gans.study.museum.page import lines, page
from minigrad.dispatch import use_kernels
from tests.gans.commands import failure, gans
from tests.processes import ROOT


@pytest.mark.parametrize("name", names())
def test_the_wrong_code_is_caught_and_the_right_passes(name: str) -> None:
    bug = find(name)
    with use_kernels("reference"):
        right, wrong = (checked(bug.games[which]) for which in ("right", "wrong"))
    assert [check for check, outcome in right.items() if not outcome.holds] == []
    assert not wrong[bug.check].holds
    assert sum(line.startswith("-") for line in bug.difference) <= 4


def test_there_are_twenty_bugs_and_each_check_catches_one() -> None:
    assert len(names()) >= 20
    assert {find(name).check for name in names()} == set(CHECKS)


def test_an_exhibit_shows_symptom_and_checks() -> None:
    shown = exhibit("twice-the-mode")
    assert shown.symptoms == {"right": 8.0, "wrong": 7.0}
    assert shown.caught_by == ["modes"]
    text = "\n".join(lines(shown))
    assert "CATCHES  modes: 8 modes have 7 centres" in text
    assert "| [Eight modes at seven centres](#twice-the-mode) |" in page([shown])


def test_a_check_that_the_right_code_fails_catches_nothing() -> None:
    shown = exhibit("twice-the-mode")
    blind = replace(shown, checks={"right": shown.checks["wrong"], "wrong": shown.checks["wrong"]})
    assert blind.caught_by == []


def test_the_page_has_every_bug() -> None:
    text = (ROOT / "docs" / "museum.md").read_text("utf-8")
    for name in names():
        assert f"### {name}\n" in text
        assert "\n".join(find(name).difference) in text


def test_the_command_lists_and_shows(capsys: pytest.CaptureFixture[str]) -> None:
    assert gans("study", "--bug") == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in names())
    assert gans("study", "--bug", "cast-to-int") == 0
    assert "256 values of a pixel are 3 numbers" in capsys.readouterr().out


def test_mistakes_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean 'dead-generator'" in failure(capsys, "study", "--bug", "dead-generatr")
    assert "--all is about claims" in failure(capsys, "study", "--all", "--bug", "cast-to-int")
    with pytest.raises(UserError, match="there is no bug"):
        find("none")
