"""What tables and pictures of a sweep show: sums over the parts of a point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Record = dict[str, Any]


def totals(rows: Sequence[dict[str, Any]], side: str) -> float | None:
    """The seconds of a side in all parts of a point; None if it lacks one."""
    return sum(row["seconds"][side] for row in rows) if all(side in row["seconds"] for row in rows) else None


def at(record: Record, axis: str) -> dict[int, list[dict[str, Any]]]:
    """The rows of an axis by its value, in order."""
    values = sorted({row["value"] for row in record["rows"] if row["axis"] == axis})
    return {v: [r for r in record["rows"] if (r["axis"], r["value"]) == (axis, v)] for v in values}


def floors_of(record: Record, rows: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """The seconds that the rows' operations take at the FMA ceiling, and their bytes at that of copying."""
    limits = record["ceilings"][str(rows[0]["threads"])]
    flops, moved = (sum(row[field] for row in rows) for field in ("flops", "bytes"))
    return flops / limits["fma"] / 1e9, moved / limits["copy"] / 1e9
