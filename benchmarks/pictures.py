"""The figures as pictures: shares of the roofline, and bars of how many times longer each rival takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gans.plots.figures.style import BLUE, DARK, GREEN, ORANGE, PURPLE, bare, figure, png

Row = dict[str, Any]

COLOURS = {
    "minigrad": BLUE,
    "torch": ORANGE,
    "numpy": GREEN,
    "torch-graph": DARK,
    "torch-compile": "#e69f00",
    "torch-bf16": "#b8860b",
    "jax": PURPLE,
    "tinygrad": "#56b4e9",
}
NAMES = {
    "torch": "PyTorch",
    "numpy": "plain NumPy",
    "torch-graph": "PyTorch, CUDA graph",
    "torch-compile": "PyTorch, compiled",
    "torch-bf16": "PyTorch, bfloat16",
    "jax": "JAX",
}
BOUND = {"fma": "o", "copy": "s"}
BOUND_NAMES = {"fma": "bound by FMA", "copy": "bound by copying"}
PALE = "#dddddd"
MARKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)


def kernels(record: dict[str, Any], path: Path) -> None:
    """Shares of the roof and bars of the listed kernels, or of all if none is listed, as PNG."""
    rows = [row for row in record["rows"] if row["listed"]] or record["rows"]
    made = figure(15, max(5.5, 0.42 * len(rows) + 2.0))
    roof, bars = made.subplots(1, 2, width_ratios=[1, 1.25], sharey=True)
    shares(roof, rows, record["ceilings"])
    ratios(bars, rows)
    bars.tick_params(axis="y", left=False, labelleft=False)
    _name_rows(roof, [pretty(row["name"]) for row in rows])
    finish(made, record, f"{_place(record)} kernels, float32, batch {record['batch']}", path)


def steps(record: dict[str, Any], path: Path) -> None:
    """Bars of the training steps, as PNG."""
    rows = record["rows"]
    made = figure(9.5, 0.85 * len(rows) + 2.4)
    axes = made.subplots()
    ratios(axes, rows)
    _name_rows(axes, [row["title"] for row in rows])
    finish(made, record, f"One step, {_place(record)}", path)


def shares(axes: Axes, rows: list[Row], ceilings: dict[str, float]) -> None:
    """Each kernel's rate as a share of its roof, min(FMA peak, copying rate x FLOP for each byte that has to
    move) (Williams et al. 2009).
    """
    sides = [side for side in ("torch", "minigrad") if any(side in row["seconds"] for row in rows)]
    found = set()
    for place, row in enumerate(rows):
        roof, bound = roof_of(row, ceilings)
        found.add(bound)
        attained = {
            side: row["flops"] / took / 1e9 / roof for side, took in row["seconds"].items() if side in sides
        }
        axes.plot(
            [min(attained.values()), max(attained.values())], [place, place], color=PALE, lw=3, zorder=1
        )
        for side in attained:
            axes.plot(
                attained[side], place, BOUND[bound], ms=8, mew=1.5, mec=colour(side),
                mfc=colour(side) if side == "minigrad" else "white", zorder=2,
            )  # fmt: skip
    axes.axvline(1, color=DARK, lw=1, zorder=0)
    axes.set(xscale="log")
    low, high = axes.get_xlim()
    marks = [mark for mark in MARKS if low < mark < max(high, 1.1)]
    axes.set_xticks(marks, [f"{mark:.0%}" for mark in marks])
    axes.minorticks_off()
    axes.grid(axis="x", color="#eeeeee", lw=0.8)
    axes.set_axisbelow(True)
    fma, copy = ceilings["fma"], ceilings["copy"]
    axes.set_xlabel(f"share of the roof: FMA at {fma:.0f} GFLOP/s, copying at {copy:.0f} GB/s")
    handles = [_mark("o", name(side), colour(side), side == "minigrad") for side in reversed(sides)]
    handles += [_mark(BOUND[bound], BOUND_NAMES[bound], "#777777") for bound in BOUND if bound in found]
    _legend(axes, handles)


def roof_of(row: Row, ceilings: dict[str, float]) -> tuple[float, str]:
    """The highest rate in GFLOP/s of a kernel of this arithmetic intensity, and the ceiling that sets it."""
    by_copying = ceilings["copy"] * row["flops"] / row["bytes"]
    return (ceilings["fma"], "fma") if ceilings["fma"] < by_copying else (by_copying, "copy")


def ratios(axes: Axes, rows: list[Row]) -> None:
    """For each row and rival, its time over ours; whiskers are quartiles."""
    found = dict.fromkeys(side for row in rows for side in row["ratio"])
    rivals = sorted(found, key=lambda side: side == "numpy")
    height = 0.8 / len(rivals)
    largest = max(ratio["high"] for row in rows for ratio in row["ratio"].values())
    smallest = min(ratio["low"] for row in rows for ratio in row["ratio"].values())
    for place, row in enumerate(rows):
        for number, side in enumerate(rivals):
            if side not in row["ratio"]:
                continue
            ratio, y = row["ratio"][side], place + (number - (len(rivals) - 1) / 2) * height
            median, low, high = ratio["median"], ratio["low"], ratio["high"]
            axes.barh(y, median - 1, height * 0.9, left=1, color=colour(side), alpha=0.85)
            axes.plot([low, high], [y, y], color=DARK, lw=1)
            axes.annotate(
                f"{median:.2f}× ({_ms(row, side)} ms, minigrad {_ms(row, 'minigrad')} ms)",
                (max(high, 1), y),
                (6, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
                color=DARK,
            )
    axes.axvline(1, color=DARK, lw=1)
    left = min(0.97, smallest / 1.15)
    axes.set(xscale="log", xlim=(left, largest * (largest / left) ** 0.55))
    marks = [mark for mark in MARKS if left < mark < largest * 2]
    axes.set_xticks(marks, [f"{mark:g}" for mark in marks])
    axes.minorticks_off()
    axes.set_xlabel("rival's time / minigrad's, quartiles over turns; right of 1 minigrad is faster")
    _legend(axes, [Line2D([], [], color=colour(side), lw=7, label=name(side)) for side in rivals])


def colour(side: str) -> str:
    """A side's colour; grey for a file of the user's."""
    return COLOURS.get(side, "#888888")


def name(side: str) -> str:
    """A side's name as it writes it itself."""
    return NAMES.get(side, side)


def pretty(name: str) -> str:
    """A case's name in typographic characters."""
    return re.sub(r"(?<=\d)x(?=\d)", "×", name.replace("->", "→"))


def _ms(row: Row, side: str) -> str:
    return f"{row['seconds'][side] * 1e3:.3g}"


def _name_rows(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", labelsize=9, labelcolor=DARK)


def _mark(shape: str, label: str, colour: str, filled: bool = True) -> Line2D:
    face = colour if filled else "white"
    return Line2D([], [], ls="", marker=shape, ms=8, mfc=face, mec=colour, mew=1.5, label=label)


def _legend(axes: Axes, handles: list[Line2D]) -> None:
    axes.legend(
        handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=4, frameon=False, fontsize=9,
        columnspacing=1.6, handletextpad=0.6, handlelength=1.3,
    )  # fmt: skip
    bare(axes)


def _place(record: dict[str, Any]) -> str:
    """Where minigrad's kernels ran, and in which precision if not in float32 alone."""
    return {"cpu": "CPU", "cuda": "CUDA"}[record["device"]] + (" (TF32)" if record["tf32"] else "")


def _machine(record: dict[str, Any]) -> str:
    if "gpu" in record:
        return f"{record['gpu']['name']}, driver {record['gpu']['driver']}"
    return f"{record['machine']['processor']}, {record['machine']['threads']} threads"


def finish(made: Figure, record: dict[str, Any], title: str, path: Path, top: float = 0.99) -> None:
    """Title, machine and versions; ``top`` is where the axes end."""
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
    made.tight_layout(rect=(0, 0.025, 1, top))
    path.write_bytes(png(made))
