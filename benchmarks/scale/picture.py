"""The picture of larger clusters: communication's share of a step by the number of ranks and the batch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.scale.cluster import TENTH, Network, fitted, share
from gans.plots.figures.style import DARK, figure, png

BATCHES = (64, 256, 1024, 4096)
MOST_RANKS = 256
ASSUMPTIONS = (
    "every rank sends to one other at a time; equal latency and bandwidth between all; nothing overlaps; "
    "no stragglers. Dotted: a tenth"
)
SHADES = ("#9ecae1", "#6baed6", "#3182bd", "#08519c")


def clusters(
    record: dict[str, Any], rows: Sequence[dict[str, Any]], networks: Sequence[Network], path: Path
) -> None:
    """A panel for each step and network, as PNG."""
    made = figure(4.2 * len(networks), 3.4 * len(rows) + 1.1)
    panels = made.subplots(len(rows), len(networks), sharex=True, sharey=True, squeeze=False)
    for line, row in zip(panels, rows, strict=True):
        compute = fitted({int(batch): seconds for batch, seconds in row["alone"].items()})
        for axes, network in zip(line, networks, strict=True):
            for batch, shade in zip(BATCHES, SHADES, strict=True):
                ranks = [k for k in (2**i for i in range(1, 9)) if k <= min(batch, MOST_RANKS)]
                shares = [share(row["bytes"], k, batch, compute, network) for k in ranks]
                axes.plot(ranks, shares, "o-", ms=4, color=shade, label=f"batch {batch:,}")
            axes.axhline(TENTH, color=DARK, lw=1, ls=":")
            axes.set(xscale="log", ylim=(0, 1))
            axes.set_xticks([2**i for i in range(1, 9)], [str(2**i) for i in range(1, 9)])
            axes.minorticks_off()
            axes.set_title(f"{row['title'].rpartition(',')[0]}\n{network.name}", fontsize=9)
            axes.grid(axis="y", color="#eeeeee")
        line[0].set_ylabel("share of communication")
    for axes in panels[-1]:
        axes.set_xlabel("ranks, one thread each")
    panels[0][0].legend(frameon=False, fontsize=8)
    machine = record["machine"]["processor"]
    made.suptitle("Computed from one thread's steps and two ranks' exchanges on " + machine, fontsize=10)
    made.text(0.5, 0.01, ASSUMPTIONS, ha="center", fontsize=8, color=DARK)
    made.tight_layout(rect=(0, 0.03, 1, 0.97))
    path.write_bytes(png(made))
