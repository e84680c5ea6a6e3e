"""What a check found."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Outcome"]


class Outcome(NamedTuple):
    """Whether a check holds, and the numbers that say so."""

    holds: bool
    evidence: str
