"""Small comparisons for tests."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from gans.study.comparisons import Comparison, compare
from gans.study.comparisons.questions import QUESTIONS, Case
from gans.study.comparisons.scene import Part
from gans.systems import SYSTEMS
from gans.systems.registry import settings_of

N = 6
"""Samples of a batch."""


def on_ring(model: str, change: str, **options: Any) -> Comparison:
    """A comparison on points."""
    return compare(model, change, data="ring", n=N, **{"width": 8, **options})


@cache
def shown(slug: str) -> tuple[Comparison, ...]:
    """The comparisons of a question, on small networks."""
    return tuple(case.compared(**_smaller(case)) for case in QUESTIONS[slug].cases)


def _smaller(case: Case) -> dict[str, Any]:
    """Arguments that make the case's networks small and its training short."""
    on_images = case.options.get("data") != "ring"
    features = {"features": 4} if on_images and "features" in settings_of(SYSTEMS[case.model]) else {}
    trained = {"batch_size": 16, "steps": min(case.options["steps"], 12)} if "steps" in case.options else {}
    return {"n": N, **features, **trained}


def unchanged(comparison: Comparison) -> Comparison:
    """The comparison with A in the place of B."""
    return replace(comparison, b=comparison.a)


def swapped(comparison: Comparison) -> Comparison:
    """The comparison with A and B in each other's place."""
    return replace(comparison, a=comparison.b, b=comparison.a)


def spoilt(comparison: Comparison, share: float = 0.3) -> Comparison:
    """The comparison with another B: A's losses, and the first element of each of its arrays, are off."""
    return replace(comparison, b={step: _off(part, share) for step, part in comparison.a.items()})


def _off(part: Part, share: float) -> Part:
    moved = {}
    for name, array in part.arrays.items():
        moved[name] = array.copy()
        moved[name].flat[0] += share * (abs(array).max() + 1)
    return Part(None if part.loss is None else part.loss + share, moved)
