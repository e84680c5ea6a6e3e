"""Every claim runs, and the page and the files of results agree with it."""

from __future__ import annotations

import ast
from inspect import getsourcefile
from pathlib import Path

import pytest

from gans.study.board import Claim, Place, Trial, find, names
from gans.study.board.page import page
from gans.study.board.pictures import drawn
from gans.study.board.results import empty
from gans.study.board.running import measured
from tests.processes import ROOT

PLACE = Place(ROOT)
MOST_BYTES = 60_000


@pytest.mark.parametrize("name", names())
def test_a_claim_cut_short_gives_its_numbers_and_a_picture(name: str) -> None:
    claim = find(name)
    numbers = measured(claim, Trial(0, share=0.005))
    assert drawn(claim, [numbers, numbers]).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["optimal-d", "leaky-relu"])
def test_numbers_are_a_function_of_the_seed(name: str) -> None:
    first, again, other = (measured(find(name), Trial(seed, share=0.005)) for seed in (0, 0, 1))
    assert first == again
    assert first != other


@pytest.mark.parametrize("name", names())
def test_a_claim_has_its_texts(name: str) -> None:
    claim = find(name)
    for text in (claim.says, claim.measured, claim.refuted_by):
        assert text.endswith("."), text
    assert claim.source
    assert not claim.source.endswith(".")
    assert claim.seeds >= 2 or claim.effect.exact


@pytest.mark.parametrize("name", names())
def test_a_claim_cannot_write_its_verdict(name: str) -> None:
    """Its file has no word of a verdict in its code: that comes from ``judge`` alone."""
    source = Path(str(getsourcefile(find(name).measure))).read_text("utf-8")
    names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    assert not names & {"Finding", "judge", "verdict"}


def test_each_result_is_of_the_present_claim() -> None:
    """The thresholds and the texts in the files are those of the code."""
    for document in PLACE.documents():
        claim: Claim = find(document.claim)
        now = empty(document.claim, claim)
        now.trials = document.trials
        assert document == now, f"{document.claim} has changed; run `gans study {document.claim}`"
        assert len(document.trials) >= claim.seeds
        assert PLACE.picture(document.claim).stat().st_size < MOST_BYTES


def test_the_page_is_made_from_the_results() -> None:
    assert PLACE.page.read_text("utf-8") == page(PLACE.documents())


def test_no_result_takes_more_than_three_minutes_on_two_cores() -> None:
    for document in PLACE.documents():
        assert sum(trial.cpu_seconds for trial in document.trials) < 360, document.claim
