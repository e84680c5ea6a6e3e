"""A layered drawing of a directed graph without circles (Sugiyama et al. 1981): places for boxes and bends.

Boxes stand in rows, every edge points down. Long edges bend around boxes at invisible places. The order
within a row comes from sweeps over the neighbours' means; the positions then are least squares, row by row.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Layout", "lay_out"]

SWEEPS = 12
GAP = 24.0
"""The least distance between boxes of a row, in pixels."""
ROW_GAP = 34.0
"""The distance between rows."""
BEND = 14.0
"""The width that a long edge takes between boxes."""


@dataclass
class Layout:
    """The middle of every box, the points that every edge passes, and the size of the whole, in pixels."""

    places: dict[Hashable, tuple[float, float]]
    bends: list[list[tuple[float, float]]]
    width: float
    height: float


def lay_out(
    sizes: Mapping[Hashable, tuple[float, float]], edges: Sequence[tuple[Hashable, Hashable]]
) -> Layout:
    """Places for boxes of these sizes (width, height), so that every edge (source, target) points down.

    Raises ValueError if the edges make a circle.

    >>> layout = lay_out({"x": (40, 20), "y": (40, 20)}, [("x", "y")])
    >>> layout.places["x"][1] < layout.places["y"][1], layout.bends
    (True, [[]])
    """
    rows_of = _rows(sizes, edges)
    boxes: dict[Hashable, tuple[float, float]] = dict(sizes)
    links: list[tuple[Hashable, Hashable]] = []
    chains: list[list[Hashable]] = []
    for number, (source, target) in enumerate(edges):
        chain: list[Hashable] = [("bend", number, r) for r in range(rows_of[source] + 1, rows_of[target])]
        for below, bend in enumerate(chain, start=1):
            boxes[bend], rows_of[bend] = (BEND, 0.0), rows_of[source] + below
        chains.append(chain)
        path = [source, *chain, target]
        links.extend(pairwise(path))
    rows: list[list[Hashable]] = [[] for _ in range(max(rows_of.values(), default=-1) + 1)]
    for box in boxes:
        rows[rows_of[box]].append(box)
    x = _positions(rows, boxes, links)
    y, top = {}, 0.0
    for row in rows:
        height = max(boxes[box][1] for box in row)
        y.update(dict.fromkeys(row, top + height / 2))
        top += height + ROW_GAP
    left = min((x[box] - boxes[box][0] / 2 for box in boxes), default=0.0)
    right = max((x[box] + boxes[box][0] / 2 for box in boxes), default=0.0)
    at = {box: (x[box] - left, y[box]) for box in boxes}
    return Layout(
        {box: at[box] for box in sizes},
        [[at[bend] for bend in chain] for chain in chains],
        right - left,
        max(0.0, top - ROW_GAP),
    )


def _rows(
    sizes: Mapping[Hashable, object], edges: Sequence[tuple[Hashable, Hashable]]
) -> dict[Hashable, int]:
    """The row of each box: below all that lead to it, and as near to what it leads to as that allows."""
    before: dict[Hashable, list[Hashable]] = {box: [] for box in sizes}
    after: dict[Hashable, list[Hashable]] = {box: [] for box in sizes}
    for source, target in edges:
        before[target].append(source)
        after[source].append(target)
    open_edges = {box: len(sources) for box, sources in before.items()}
    ready = [box for box, count in open_edges.items() if count == 0]
    rows: dict[Hashable, int] = {}
    while ready:
        box = ready.pop()
        rows[box] = max((rows[source] + 1 for source in before[box]), default=0)
        for target in after[box]:
            open_edges[target] -= 1
            if open_edges[target] == 0:
                ready.append(target)
    if len(rows) < len(before):
        raise ValueError("the edges make a circle")
    for box in reversed(list(rows)):  # what it leads to stands already
        if after[box] and len(after[box]) >= len(before[box]):
            rows[box] = min(rows[target] for target in after[box]) - 1
    return rows


def _positions(
    rows: list[list[Hashable]],
    boxes: Mapping[Hashable, tuple[float, float]],
    links: Sequence[tuple[Hashable, Hashable]],
) -> dict[Hashable, float]:
    up: dict[Hashable, list[Hashable]] = {box: [] for box in boxes}
    down: dict[Hashable, list[Hashable]] = {box: [] for box in boxes}
    for source, target in links:
        down[source].append(target)
        up[target].append(source)
    rank = {box: float(i) for row in rows for i, box in enumerate(row)}
    for sweep in range(SWEEPS):
        neighbours = up if sweep % 2 == 0 else down
        for row in rows if sweep % 2 == 0 else reversed(rows):
            row.sort(key=lambda box: _mean([rank[n] for n in neighbours[box]], rank[box]))
            rank.update({box: float(i) for i, box in enumerate(row)})
    x: dict[Hashable, float] = {}
    for row in rows:
        x.update(zip(row, _apart([0.0] * len(row), [boxes[box][0] for box in row]), strict=True))
    for sweep in range(2 * SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = [_mean([x[n] for n in up[box] + down[box]], x[box]) for box in row]
            x.update(zip(row, _apart(wanted, [boxes[box][0] for box in row]), strict=True))
    return x


def _mean(numbers: list[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def _apart(wanted: list[float], widths: list[float]) -> list[float]:
    """Positions nearest to ``wanted`` in least squares that keep the order and do not overlap.

    Without the widths that stand before each box the positions must only not fall: boxes that would are
    pooled at their mean (isotonic regression).
    """
    offsets, total = [], 0.0
    for i, width in enumerate(widths):
        if i:
            total += (widths[i - 1] + width) / 2 + GAP
        offsets.append(total)
    pools: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        mean, count = want - offset, 1
        while pools and pools[-1][0] > mean:
            other, size = pools.pop()
            mean, count = (mean * count + other * size) / (count + size), count + size
        pools.append((mean, count))
    found = [mean for mean, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(found, offsets, strict=True)]
