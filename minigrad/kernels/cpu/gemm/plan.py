"""How a product is computed: which factor is on the left, what each thread takes, and in which order."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from minigrad.kernels.cpu.tiles.registers import ROWS, TILE

READING = 4  # multiplications that take as long as to read an element from memory, or to copy it
TURNING = 20  # and as to transpose one
LOCAL = 1.05  # times as long as by columns: rows may take this, as the next kernel finds them in its cache
HELD = 1 << 18  # bytes of columns that may stay packed: a quarter of a second cache of 1 MB
COPYING = 3  # panels of rows from which a copy of the columns repays: lines and pages of its own
TURNED = 8  # panels of rows after which their results are transposed: these fit a first cache


class Plan(NamedTuple):
    """What ``blocks`` does. Sums do not depend on it.

    ``turned``: the product of the transposed factors, transposed. ``rows`` and ``columns``: in how many
    shares the threads divide them. ``held``: all columns stay packed while panels of rows pass by; else
    blocks of columns pass by the rows.
    """

    turned: bool
    rows: int
    columns: int
    held: bool


@lru_cache(maxsize=1024)
def plan(
    m: int, depth: int, n: int, columns_x: bool, columns_y: bool, reads: bool, itemsize: int, workers: int
) -> Plan:
    """The plan that takes the busiest thread the least; ``columns_x``: columns of x are contiguous.

    ``reads``: another matrix is read where the results are written.
    """
    ways = [_divided(m, depth, n, columns_x, columns_y, itemsize, workers)]
    if not reads:
        cost, found = _divided(n, depth, m, not columns_y, not columns_x, itemsize, workers)
        if found.held:
            ways.append((cost + TURNING * m * n / (depth * workers), found._replace(turned=True)))
    return min(ways)[1]


def _divided(
    m: int, depth: int, n: int, columns_x: bool, columns_y: bool, itemsize: int, workers: int
) -> tuple[float, Plan]:
    """The cheaper way to divide x @ y, with its cost for each term, in multiplications."""
    lanes = TILE.lanes(itemsize)
    panels, blocks = -(-m // ROWS), -(-n // lanes)
    left, right = READING, TURNING if columns_y else READING
    by_rows, by_columns = min(workers, panels), min(workers, blocks)
    rows, columns = -(-panels // by_rows) * ROWS, -(-blocks // by_columns) * lanes
    all_rows, all_columns = panels * ROWS, blocks * lanes
    some_rows = rows * all_columns + left * rows + right * all_columns
    some_columns = all_rows * columns + left * all_rows + right * columns
    held = depth * all_columns * itemsize <= HELD
    if some_rows <= LOCAL * some_columns:
        return some_rows, Plan(False, by_rows, 1, held)
    return some_columns, Plan(False, 1, by_columns, held)
