"""What a rule of the doctor is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gans.study.doctor.case import Case

__all__ = ["Rule"]


@dataclass(frozen=True)
class Rule:
    """A cause, and the statistic that shows it.

    ``statistic`` is a number of a case, None where the rule does not apply; above ``threshold`` the rule is
    met. ``evidence`` says so, with ``{value}`` and ``{threshold}``; ``remedy`` names its source.
    A symptom, such as a collapse, may have another finding as its cause.
    """

    name: str
    cause: str
    reads: str
    statistic: Callable[[Case], float | None]
    threshold: float
    evidence: str
    remedy: str
    is_symptom: bool = False
