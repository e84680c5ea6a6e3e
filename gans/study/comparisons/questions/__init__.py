"""Questions of learners about a GAN's gradients, each with the comparisons that answer it.

The first sentence of an answer says what the numbers show, and ``Question.is_shown_by`` whether they do.
"""

from __future__ import annotations

from gans.study.comparisons.questions import batches, flow, losses, penalties, training
from gans.study.comparisons.questions.question import Case, Question

__all__ = ["FAMILIES", "QUESTIONS", "Case", "Question", "titles_about"]

FAMILIES: dict[str, dict[str, Question]] = {
    "How the gradient flows": flow.QUESTIONS,
    "Losses": losses.QUESTIONS,
    "Batches and normalization": batches.QUESTIONS,
    "The gradient penalty": penalties.QUESTIONS,
    "Training and samples": training.QUESTIONS,
}

QUESTIONS: dict[str, Question] = {
    name: question for family in FAMILIES.values() for name, question in family.items()
}
"""By the name of the page."""


def titles_about(change: str) -> list[str]:
    """The questions that a change helps to answer.

    >>> titles_about("detach")
    ["Why `fake.detach()` in D's step?"]
    """
    asked = QUESTIONS.values()
    return [question.title for question in asked if any(case.change == change for case in question.cases)]
