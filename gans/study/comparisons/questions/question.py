"""A question with an answer that comparisons bear out, or refute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gans.study.comparisons.comparing import compare
from gans.study.comparisons.comparison import Comparison

__all__ = ["Case", "Question"]


@dataclass(frozen=True)
class Case:
    """One comparison: of ``model``, by ``change``, with further arguments of ``compare``."""

    model: str
    change: str
    options: dict[str, Any] = field(default_factory=dict)

    def compared(self, **more: Any) -> Comparison:
        """The comparison, with ``more`` arguments in the place of its own."""
        return compare(self.model, self.change, **{**self.options, **more})


@dataclass(frozen=True)
class Question:
    """A question, its answer in a sentence, what else is to say, and the comparisons that show it."""

    title: str
    answer: str
    more: str
    cases: tuple[Case, ...]
    holds: Callable[..., bool]
    related: tuple[str, ...]

    def is_shown_by(self, comparisons: Sequence[Comparison]) -> bool:
        """Whether ``comparisons``, one for each case, are as the answer says."""
        return self.holds(*comparisons)
