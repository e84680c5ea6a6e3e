"""The changes that ``gans compare`` takes, by name; a file for each family of them."""

from __future__ import annotations

from gans.study.comparisons.change import Change
from gans.study.comparisons.changes import batches, bookkeeping, flow, losses, numbers, penalty, training

__all__ = ["CHANGES"]

CHANGES: dict[str, Change] = {
    change.name: change
    for family in (flow, bookkeeping, losses, batches, penalty, numbers, training)
    for change in family.CHANGES
}
