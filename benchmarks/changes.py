"""Rows measured twice: which became slower or faster beyond their noise."""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.console import Console

from benchmarks import table, timing
from gans.cli.numbers import fraction

Turns = Sequence[float]

BEYOND = 0.05
"""The least change that is reported, as a share of the earlier time."""


class Change(NamedTuple):
    """A row's seconds before and after, and after / before with the range that its turns allow."""

    name: str
    before: float
    after: float
    ratio: timing.Spread

    def verdict(self, beyond: float = BEYOND) -> str:
        """Slower or faster if the median and the whole range are on one side of ``1 + beyond`` and 1."""
        if self.ratio.median > 1 + beyond and self.ratio.low > 1:
            return "slower"
        if self.ratio.median < 1 / (1 + beyond) and self.ratio.high < 1:
            return "faster"
        return ""


def in_turn(name: str, before: Turns, after: Turns) -> Change:
    """Turns that alternated: the ratio is taken turn by turn."""
    return Change(name, statistics.median(before), statistics.median(after), timing.ratio(after, before))


def apart(name: str, before: Turns, after: Turns) -> Change:
    """Turns of two runs: the range is between opposite quartiles, and 1 is in it where they meet."""
    old, new = timing.spread(before), timing.spread(after)
    ratio = timing.Spread(new.median / old.median, new.low / old.high, new.high / old.low)
    return Change(name, old.median, new.median, ratio)


def add_beyond(parser: argparse.ArgumentParser) -> None:
    """``--beyond``."""
    parser.add_argument(
        "--beyond",
        type=fraction,
        default=BEYOND,
        metavar="SHARE",
        help="changes up to this share of the time are noise (%(default)s)",
    )


def report(changes: Sequence[Change], names: tuple[str, str], beyond: float, console: Console) -> int:
    """Print the rows and their verdicts; the exit status is 1 if one became slower."""
    before, after = names
    made = table.table(
        f"ms; ratio = {after} / {before}: median and range of the turns",
        ["row"],
        [before, after, "ratio", "verdict"],
    )
    for change in changes:
        times = [table.milliseconds(seconds) for seconds in (change.before, change.after)]
        made.add_row(change.name, *times, table.with_spread(change.ratio), change.verdict(beyond))
    table.show(made, console)
    verdicts = [change.verdict(beyond) for change in changes]
    slower, faster = verdicts.count("slower"), verdicts.count("faster")
    console.print(
        f"{len(changes)} rows: {slower} slower, {faster} faster beyond {beyond:.0%} and their noise."
    )
    return 1 if slower else 0


def geometric_mean(changes: Mapping[str, Change]) -> float:
    """The mean factor of the changes."""
    return math.exp(statistics.fmean(math.log(change.ratio.median) for change in changes.values()))
