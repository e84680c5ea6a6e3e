"""What a claim is: a sentence that someone wrote about GANs, and the measurement that can refute it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gans.study.board.trial import Trial

__all__ = ["Claim", "Effect", "Film", "Numbers", "Picture", "identity"]

Numbers = Mapping[str, float | Sequence[float | None] | None]
"""What a seed's measurement gives: numbers, and curves as lists of them, by name."""

Picture = Callable[[Axes, Sequence[Numbers]], None]
"""Draws the numbers of all seeds."""


Film = Callable[[Sequence[Numbers]], Sequence[Figure]]
"""The frames of an animation of the numbers of all seeds."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """The number that decides about a claim: ``name`` among those that its measurement returns.

    The claim says that it is ``at_least`` a threshold, or ``at_most`` one. The threshold is the smallest
    effect that matters, and is written before the first run. An ``exact`` effect is the error of an equation:
    its largest value decides instead of the mean and its interval.

    Raises ValueError unless there is one threshold.
    """

    name: str
    words: str
    at_least: float | None = None
    at_most: float | None = None
    exact: bool = False

    def __post_init__(self) -> None:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError(f"effect {self.name!r}: give one of at_least and at_most")

    @property
    def needed(self) -> str:
        """What the claim says of the number.

        >>> Effect(name="gap", words="gap", at_least=0.5).needed
        '≥ 0.5'
        """
        return f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"


def identity(name: str, words: str, tolerance: float) -> Effect:
    """The effect of a claim that two numbers are equal: the error ``name``, at most ``tolerance``."""
    return Effect(name=name, words=words, at_most=tolerance, exact=True)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence about GANs, and the measurement that can refute it.

    ``says`` is the sentence, ``source`` who wrote it and where. ``measured`` is what one seed measures,
    ``refuted_by`` what would refute the sentence. ``measure`` is a function of the trial alone. ``picture``
    draws the numbers of all seeds, and a ``film`` animates them. There are ``seeds`` of them unless a command
    adds more.
    """

    says: str
    source: str
    measured: str
    refuted_by: str
    effect: Effect
    measure: Callable[[Trial], Numbers]
    picture: Picture
    seeds: int = 5
    film: Film | None = None
