"""Small comparisons for tests."""

from __future__ import annotations

from typing import Any

from gans.study.comparisons import Comparison, compare

N = 6
"""Samples of a batch."""


def on_ring(model: str, change: str, **options: Any) -> Comparison:
    """A comparison on points."""
    return compare(model, change, data="ring", n=N, **{"width": 8, **options})
