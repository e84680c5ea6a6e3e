"""What a comparison changes: two variants of one step in plain minigrad, and the models that they fit."""

from __future__ import annotations

import difflib
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from gans.objectives import binary_cross_entropy, critic
from gans.study.comparisons.penalties import between, slopes_of
from gans.study.comparisons.scene import Findings, Scene
from gans.systems.two_player import TwoPlayer
from gans.systems.wasserstein import PenaltySettings

__all__ = [
    "ANY",
    "CLASSIFIER",
    "CLASSIFIER_OR_SQUARES",
    "CRITIC",
    "GRADIENT_PENALTY",
    "IMAGE_PENALTY",
    "PENALTY",
    "SINGLES",
    "Change",
    "Fit",
    "Variant",
]


class Fit(NamedTuple):
    """The models that a change fits, in words that follow "fits models with", and as a function."""

    words: str
    test: Callable[[TwoPlayer], bool]


class Variant(NamedTuple):
    """One side of a comparison, in words and as the code that computes it."""

    words: str
    run: Callable[[Scene], Findings]


@dataclass(frozen=True)
class Change:
    """One thing that differs between two computations of the same step.

    ``what`` says what that is, ``a`` and ``b`` are the variants, and ``fit`` says which models have it.

    >>> import gans
    >>> from minigrad.ops import mean, softplus
    >>> def both(s):
    ...     loss = mean(softplus(-s.D(s.real))) + mean(softplus(s.D(s.G(s.z).detach())))
    ...     return {"D's step": s.gradients(loss, s.D)}
    >>> def real_alone(s):
    ...     return {"D's step": s.gradients(mean(softplus(-s.D(s.real))), s.D)}
    >>> alone = Change(
    ...     "alone", "the samples of D", Variant("both", both), Variant("real", real_alone), ANY
    ... )
    >>> gans.study.compare("gan", alone, data="ring", n=8).relations["D's step"].kind
    'different'
    """

    name: str
    what: str
    a: Variant
    b: Variant
    fit: Fit

    @property
    def code(self) -> tuple[str, str]:
        """The sources of both variants; empty for functions that were typed at a prompt."""
        return _source(self.a.run), _source(self.b.run)

    @property
    def difference(self) -> list[str]:
        """The variants' code as one: lines of A alone begin with ``-``, those of B alone with ``+``."""
        a, b = ([line for line in code.splitlines() if line.strip()] for code in self.code)
        return [line.rstrip() for line in difflib.ndiff(a, b) if not line.startswith("?")]


def _source(function: Callable[..., object]) -> str:
    try:
        return textwrap.dedent(inspect.getsource(function))
    except OSError:  # no file has it
        return ""


def _judges_singles(system: TwoPlayer) -> bool:
    return getattr(system.settings, "pack", 1) == 1


def _squares(system: TwoPlayer) -> bool:
    return bool(system.settings.objective == "least-squares")


def _classifier(system: TwoPlayer) -> bool:
    return system.objective.discriminator is binary_cross_entropy


def _penalised_between(system: TwoPlayer) -> bool:
    slopes = slopes_of(system.settings)
    return slopes is not None and slopes.at is between


ANY = Fit("a G and a D", lambda system: True)
SINGLES = Fit("a D that judges samples one by one", _judges_singles)
CLASSIFIER = Fit("the cross-entropy as D's loss", _classifier)
CLASSIFIER_OR_SQUARES = Fit(
    "the cross-entropy or squares as D's loss", lambda system: _classifier(system) or _squares(system)
)
CRITIC = Fit("a critic's score as D's loss", lambda system: system.objective.discriminator is critic)
PENALTY = Fit("a penalty of D's slope", lambda system: slopes_of(system.settings) is not None)
GRADIENT_PENALTY = Fit("a penalty of D's slope between real and fake samples", _penalised_between)
IMAGE_PENALTY = Fit(
    "a penalty that holds D's slope at images at norm 1",
    lambda system: isinstance(system.settings, PenaltySettings) and system.spec.is_image,
)
