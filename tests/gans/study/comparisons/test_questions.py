"""The first sentence of each answer is what the numbers show, and other numbers would refute it."""

from __future__ import annotations

import re

import pytest

from gans.study.comparisons.changes import CHANGES
from gans.study.comparisons.questions import QUESTIONS
from tests.gans.study.comparisons.cases import shown, spoilt, swapped, unchanged
from tools import questions

SLUGS = list(QUESTIONS)


@pytest.mark.parametrize("slug", SLUGS)
def test_the_answer_holds(slug: str) -> None:
    assert QUESTIONS[slug].is_shown_by(shown(slug)), [repr(c) for c in shown(slug)]


@pytest.mark.parametrize("slug", SLUGS)
def test_other_numbers_refute_the_answer(slug: str) -> None:
    """Two variants alike refute one that says "other"; a variant that is off, one that says "the same"."""
    found = [[make(c) for c in shown(slug)] for make in (unchanged, spoilt, swapped)]
    assert not all(map(QUESTIONS[slug].is_shown_by, found))


@pytest.mark.parametrize("slug", SLUGS)
def test_the_page_is_the_questions(slug: str) -> None:
    """All but the numbers, which full networks give: title, answer, code, command, rows, related pages."""
    page = (questions.DOCS / f"{slug}.md").read_text("utf-8")
    assert skeleton(page) == skeleton(questions.page(QUESTIONS[slug], shown(slug)))


def skeleton(page: str) -> list[str]:
    """The page's paragraphs; of tables the first column, of verdicts the name of the step."""
    kept = []
    for paragraph in page.split("\n\n"):
        if paragraph.startswith("| gradient |"):
            kept.append("\n".join(row.split("|")[1] for row in paragraph.splitlines()))
        elif paragraph.startswith("**"):
            kept.append(paragraph.split("**:")[0])
        else:
            kept.append(re.sub(r"^A batch of .*", "A batch", paragraph))
    return kept


def test_every_change_answers_a_question() -> None:
    assert {case.change for question in QUESTIONS.values() for case in question.cases} == set(CHANGES)


def test_related_questions_exist() -> None:
    for slug, question in QUESTIONS.items():
        assert question.related, slug
        assert set(question.related) <= set(QUESTIONS) - {slug}


def test_titles_and_answers_are_sentences() -> None:
    for slug, question in QUESTIONS.items():
        assert re.fullmatch(r"[a-z0-9-]+", slug)
        assert "?" in question.title
        assert question.answer.endswith(".")
        assert ". " not in question.answer, "the answer is one sentence"
        assert question.more.endswith((".", ")."))
