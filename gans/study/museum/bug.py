"""What a bug of the museum is."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from gans.study.museum.game import Game, Play

__all__ = ["Bug", "Symptom"]


class Symptom(NamedTuple):
    """A number of a play, in words, and the batches that the play has before."""

    words: str
    measure: Callable[[Play], float]
    batches: int = 60


@dataclass(frozen=True)
class Bug:
    """Wrong code that was published, and the right code, which are both the same part of a game.

    ``part`` is the field of ``Game`` that they are. ``check`` names the check that catches it: the one to
    write if you write one.
    """

    title: str
    source: str
    is_wrong: str
    is_right: str
    game: Game
    part: str
    right: Callable[..., Any]
    wrong: Callable[..., Any]
    symptom: Symptom
    check: str

    @property
    def games(self) -> dict[str, Game]:
        """The game with the right code and with the wrong, by these names."""
        codes: dict[str, Any] = {"right": self.right, "wrong": self.wrong}
        return {name: replace(self.game, **{self.part: code}) for name, code in codes.items()}

    @property
    def difference(self) -> list[str]:
        """Both codes as one: lines of the right begin with ``+``, those of the wrong with ``-``."""
        wrong, right = (
            [line for line in inspect.getsource(code).splitlines() if line.strip()]
            for code in (self.wrong, self.right)
        )
        wrong[0] = wrong[0].replace(f"def {self.wrong.__name__}", f"def {self.right.__name__}")
        return [line.rstrip() for line in difflib.ndiff(wrong, right) if not line.startswith("?")]
