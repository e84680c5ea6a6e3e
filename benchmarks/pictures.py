"""The figures as pictures: a roofline, and bars of how many times longer each rival takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gans.plots.style import BLUE, DARK, GREEN, ORANGE, bare, figure, png

Row = dict[str, Any]

COLOURS = {"minigrad": BLUE, "torch": ORANGE, "numpy": GREEN, "torch-graph": DARK}
NAMES = {
    "minigrad": "minigrad",
    "torch": "PyTorch",
    "numpy": "plain NumPy",
    "torch-graph": "PyTorch, CUDA graph",
}
FACES = {"forward": "o", "input gradient": "^", "weight gradient": "s", "gradient": "v"}
PALE = "#bbbbbb"
NAMES_HEIGHT = 0.38  # of the roofline's axes, at their foot


def kernels(record: dict[str, Any], path: Path) -> None:
    """Roofline and bars of the listed kernels, or of all if none is listed, as PNG."""
    rows = [row for row in record["rows"] if row["listed"]] or record["rows"]
    made = figure(15, max(6.5, 0.42 * len(rows) + 1.6))
    roof, bars = made.subplots(1, 2, width_ratios=[1, 1.05])
    roofline(roof, rows, record["ceilings"])
    ratios(bars, [(pretty(row["name"]), row) for row in rows])
    _finish(made, record, f"{_place(record)} kernels, float32, batch {record['batch']}", path)


def steps(record: dict[str, Any], path: Path) -> None:
    """Bars of the training steps, as PNG."""
    rows = record["rows"]
    made = figure(9.5, 0.85 * len(rows) + 2.2)
    ratios(made.subplots(), [(row["title"], row) for row in rows])
    _finish(made, record, f"One training step, {_place(record)}", path)


def roofline(axes: Axes, rows: list[Row], ceilings: dict[str, float]) -> None:
    """Each kernel's rate over its arithmetic intensity, under the machine's limits (Williams et al. 2009)."""
    fma, copy = ceilings["fma"], ceilings["copy"]
    intensity = np.array([row["flops"] / row["bytes"] for row in rows])
    low, high = intensity.min() / 3, max(intensity.max(), fma / copy) * 3
    x = np.geomspace(low, high, 200)
    axes.plot(x, np.minimum(x * copy, fma), color=DARK, lw=1.5)
    axes.annotate(
        f"FMA peak {fma:.0f} GFLOP/s", (high, fma), (0, 5), textcoords="offset points", ha="right", color=DARK
    )
    axes.annotate(
        f"copying {copy:.0f} GB/s",
        (fma / copy / 2, fma / 2),
        (-6, 0),
        textcoords="offset points",
        ha="right",
        color=DARK,
        bbox={"fc": "white", "ec": "none", "pad": 1},
    )
    sides = [side for side in ("torch", "minigrad") if side in rows[0]["seconds"]]
    for side in sides:
        for row, at in zip(rows, intensity, strict=True):
            rate = row["flops"] / row["seconds"][side] / 1e9
            face = FACES.get(row["name"].rpartition(": ")[2], "o")
            filled = COLOURS[side] if side == "minigrad" else "white"
            axes.plot(at, rate, face, ms=8, mfc=filled, mec=COLOURS[side], mew=1.5, alpha=0.9, clip_on=False)
    axes.set(xscale="log", yscale="log", xlim=(low, high))
    axes.set_xlabel("FLOP for each byte that has to move")
    axes.set_ylabel("GFLOP/s")
    slowest = min(row["flops"] / row["seconds"][side] / 1e9 for row in rows for side in sides)
    axes.set_ylim(slowest / (fma / slowest) ** (NAMES_HEIGHT / (1 - NAMES_HEIGHT)) / 1.2, fma * 2)
    _name_columns(axes, rows, intensity)
    _legend(axes, sides, rows)
    bare(axes)


def ratios(axes: Axes, named: list[tuple[str, Row]]) -> None:
    """For each row and rival, its time over ours; whiskers are quartiles."""
    rivals = [side for side in ("torch", "torch-graph", "numpy") if side in named[0][1]["ratio"]]
    height = 0.8 / len(rivals)
    largest = max(row["ratio"][side]["high"] for _, row in named for side in rivals)
    smallest = min(row["ratio"][side]["low"] for _, row in named for side in rivals)
    for place, (_, row) in enumerate(named):
        for number, side in enumerate(rivals):
            ratio, y = row["ratio"][side], place + (number - (len(rivals) - 1) / 2) * height
            median, low, high = ratio["median"], ratio["low"], ratio["high"]
            axes.barh(y, median - 1, height * 0.9, left=1, color=COLOURS[side], alpha=0.85)
            axes.plot([low, high], [y, y], color=DARK, lw=1)
            text = f"{median:.2f}   {_ms(row, side)} / {_ms(row, 'minigrad')} ms"
            axes.annotate(
                text,
                (max(high, 1), y),
                (6, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
                color=DARK,
            )
    axes.axvline(1, color=DARK, lw=1)
    axes.set(xscale="log", xlim=(min(0.45, smallest / 1.15), largest * 6), ylim=(len(named) - 0.4, -0.6))
    axes.set_yticks(range(len(named)), [name for name, _ in named], fontsize=9)
    marks = [
        mark
        for mark in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)
        if smallest / 1.15 < mark < largest * 2
    ]
    axes.set_xticks(marks, [f"{mark:g}" for mark in marks])
    axes.minorticks_off()
    axes.set_xlabel("rival's time / minigrad's, quartiles over turns; right of 1 minigrad is faster")
    handles = [Line2D([], [], color=COLOURS[side], lw=7, label=NAMES[side]) for side in rivals]
    axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, fontsize=9)
    bare(axes)
    axes.tick_params(axis="y", labelsize=9, labelcolor=DARK)


def pretty(name: str) -> str:
    """A case's name in typographic characters."""
    return re.sub(r"(?<=\d)x(?=\d)", "×", name.replace("->", "→"))


def _ms(row: Row, side: str) -> str:
    return f"{row['seconds'][side] * 1e3:.3g}"


def _name_columns(axes: Axes, rows: list[Row], intensity: Any) -> None:
    """A layer's three kernels stand in one column: its name once, at the foot, apart from its neighbours'."""
    columns: dict[str, list[float]] = {}
    for row, at in zip(rows, intensity, strict=True):
        columns.setdefault(pretty(row["name"].rpartition(": ")[0] or row["name"]), []).append(np.log10(at))
    left, right = np.log10(axes.get_xlim())
    gap = (right - left) * 0.035
    placed = -np.inf
    for name, logs in sorted(columns.items(), key=lambda column: np.mean(column[1])):
        placed = max(float(np.mean(logs)), placed + gap)
        axes.annotate(
            name, (10**placed, 0.02), xycoords=("data", "axes fraction"), rotation=90, ha="center",
            va="bottom", fontsize=8.5, color=DARK, bbox={"fc": "white", "ec": "none", "pad": 1},
        )  # fmt: skip
        for at in logs:
            axes.axvline(10**at, color=PALE, lw=0.5, zorder=0)


def _legend(axes: Axes, sides: list[str], rows: list[Row]) -> None:
    def mark(shape: str, label: str, colour: str, filled: bool = True) -> Line2D:
        return Line2D(
            [], [], ls="", marker=shape, ms=8, mfc=colour if filled else "white", mec=colour, label=label
        )

    found = {row["name"].rpartition(": ")[2] for row in rows}
    handles = [mark("o", NAMES[side], COLOURS[side], side == "minigrad") for side in reversed(sides)]
    handles += [mark(shape, face, "#777777") for face, shape in FACES.items() if face in found]
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, fontsize=9)


def _place(record: dict[str, Any]) -> str:
    """Where minigrad's kernels ran, and in which precision if not in float32 alone."""
    return {"cpu": "CPU", "cuda": "CUDA"}[record["device"]] + (" (TF32)" if record["tf32"] else "")


def _machine(record: dict[str, Any]) -> str:
    if "gpu" in record:
        return f"{record['gpu']['name']}, driver {record['gpu']['driver']}"
    return f"{record['machine']['processor']}, {record['machine']['threads']} threads"


def _finish(made: Figure, record: dict[str, Any], title: str, path: Path) -> None:
    machine, versions = record["machine"], record["versions"]
    made.suptitle(title, fontsize=13, fontweight="bold", x=0.01, ha="left")
    made.text(
        0.01,
        0.006,
        f"{_machine(record)}, {machine['system']}; {record['date']}; "
        + ", ".join(f"{name} {version}" for name, version in versions.items()),
        fontsize=8,
        color="#666666",
    )
    made.tight_layout(rect=(0, 0.025, 1, 0.99))
    path.write_bytes(png(made))
