"""What answers say of comparisons, as functions of their numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from gans.study.comparisons.comparison import Comparison

__all__ = [
    "alike",
    "bounded",
    "complements",
    "differs_in_last_layer_alone",
    "kind",
    "only_weights",
    "same",
    "shrunk",
    "slopes",
    "tenth_lower",
    "turned",
]


def kind(comparison: Comparison, step: str) -> str:
    """How the gradients of a step are related, in a word or two."""
    return comparison.relations[step].kind


def same(comparison: Comparison, step: str) -> bool:
    """Whether the gradients of a step are the same, but for rounding."""
    return comparison.relations[step].is_same


def turned(comparison: Comparison, step: str) -> bool:
    """Whether the gradient has another direction."""
    return kind(comparison, step) == "different" and comparison.relations[step].cosine < 0.9999


def slopes(comparison: Comparison, step: str) -> tuple[Any, Any]:
    """All slopes of a step, in A and in B."""
    a, b = (of[step].arrays.values() for of in (comparison.a, comparison.b))
    return np.concatenate([x.ravel() for x in a]), np.concatenate([x.ravel() for x in b])


def shrunk(comparison: Comparison, step: str, most: float) -> bool:
    """Whether each slope of B is at most ``most`` times that of A."""
    a, b = slopes(comparison, step)
    return bool((abs(b) < most * abs(a)).all())


def bounded(comparison: Comparison) -> bool:
    """Whether each slope of B is at most 4/27, and one of A larger."""
    a, b = slopes(comparison, "slope of G's loss at each logit")
    return bool(abs(b).max() <= 4 / 27 < abs(a).max())


def complements(comparison: Comparison) -> bool:
    """Whether the slopes are -D and -(1 - D), of one D between 0 and 1."""
    a, b = slopes(comparison, "slope at each logit")
    return bool((abs(a + b + 1) < 1e-12).all() and (a > -1).all() and (a < 0).all())


def tenth_lower(comparison: Comparison) -> bool:
    """Whether a fake's slope falls by 0.1, and some below 0."""
    a, b = slopes(comparison, "slope at each logit")
    return bool((abs(a - b - 0.1) < 1e-12).all() and (a > 0).all() and (b < 0).any())


def alike(comparison: Comparison, step: str, share: float) -> bool:
    """Whether each number of a step differs between A and B by less than a ``share``."""
    a, b = slopes(comparison, step)
    return bool((abs(b / a - 1) < share).all())


def only_weights(comparison: Comparison) -> bool:
    """Whether the penalty's gradient is 0 in each bias, and not in any weight."""
    rows = comparison.of("the penalty alone")
    return all((row.relation.norm_a == 0) == row.parameter.endswith(".bias") for row in rows)


def differs_in_last_layer_alone(comparison: Comparison) -> bool:
    """Whether B has A's gradients, but for the last layer's weight, whose sign is the other."""
    *_, weight, _ = rows = comparison.of("D's step")
    rest = [row for row in rows if row is not weight]
    return weight.relation.factor == -1 and all(row.relation.is_same for row in rest)
