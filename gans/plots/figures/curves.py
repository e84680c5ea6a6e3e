"""Curves of a training: losses, D's outputs, gradient norms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from gans.plots.figures.style import BLUE, DARK, GREEN, ORANGE, PURPLE, bare, figure, png

__all__ = ["smooth", "training_curves"]

Floats = npt.NDArray[np.float64]

LINES = {
    "loss_d": ("discriminator", BLUE),
    "loss_g": ("generator", ORANGE),
    "d_real": ("D(real)", GREEN),
    "d_fake": ("D(fake)", PURPLE),
    "grad_norm_d": ("discriminator", BLUE),
    "grad_norm_g": ("generator", ORANGE),
}
"""The label and the colour of the usual numbers."""

SPARE = (BLUE, ORANGE, GREEN, PURPLE)

MOST_PANELS = 8
"""The most panels of numbers that only some systems report."""


class Line(NamedTuple):
    """Values over the steps, under a name and in a colour."""

    label: str
    values: Floats
    colour: str


def training_curves(records: Sequence[Mapping[str, Any]], title: str, probabilities: bool = True) -> bytes:
    """PNG of panels over the steps: losses, D's mean output on real and generated data, gradient norms, and
    a panel for each further number.

    ``records`` are the lines of metrics.jsonl; what is no number is not drawn. The strong lines are moving
    averages over 2% of the steps, the pale ones all the values.
    D's outputs are probabilities if ``probabilities`` is true, else a critic's scores.

    Raises ValueError if there are no records.
    """
    if not records:
        raise ValueError("training_curves: at least one record needed")
    columns = _columns(records)
    steps = columns.pop("step")
    losses, outputs, norms = (_taken(columns, prefix) for prefix in ("loss", "d_", "grad_norm"))
    others = [{name: columns[name]} for name in columns if name not in ("epoch", "seconds")]
    panels = [panel for panel in (losses, outputs, norms, *others[:MOST_PANELS]) if panel]
    if not panels:
        panels = [{}]
    apart = not probabilities and len(losses) == 2
    made = figure(9, 1.1 + 2.367 * len(panels))
    height = made.get_size_inches()[1]
    margins = {
        "left": 0.095,
        "right": 0.915 if apart else 0.975,
        "bottom": 0.533 / height,
        "top": 1 - 0.615 / height,
        "hspace": 0.2,
    }
    rows = made.subplots(len(panels), 1, sharex=True, gridspec_kw=margins, squeeze=False)[:, 0]
    for axes, panel in zip(rows, panels, strict=True):
        lines = _lines(panel)
        if panel is losses and apart:
            _draw_apart(axes, steps, *lines)
            continue
        _draw(axes, steps, *lines)
        if panel is losses:
            axes.set_ylabel("loss")
        elif panel is outputs:
            _name_outputs(axes, probabilities)
        elif panel is norms:
            _scale_norms(axes, panel)
        else:
            axes.set_ylabel(next(iter(panel), "").replace("_", " "))
    last = rows[-1]
    last.set_xlabel("step")
    last.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    last.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    last.set_xlim(steps[0], max(steps[-1], steps[0] + 1))
    made.align_ylabels()
    made.suptitle(title, parse_math=False, fontsize=13, color=DARK, y=1 - 0.123 / height)
    return png(made)


def _columns(records: Sequence[Mapping[str, Any]]) -> dict[str, Floats]:
    """Each name that has a number in some record, with its values; NaN where a record has none."""
    names = dict.fromkeys(name for record in records for name, value in record.items() if _is_number(value))
    return {
        name: np.array([v if _is_number(v := record.get(name)) else np.nan for record in records], np.float64)
        for name in names
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _taken(columns: dict[str, Floats], prefix: str) -> dict[str, Floats]:
    """The columns whose names begin with ``prefix``, which leave ``columns``."""
    return {name: columns.pop(name) for name in list(columns) if name.startswith(prefix)}


def _lines(panel: Mapping[str, Floats]) -> list[Line]:
    """The lines of a panel, each in a colour of its own as far as there are colours."""
    free = [colour for colour in SPARE if colour not in {LINES[name][1] for name in panel if name in LINES}]
    lines = []
    for name, values in panel.items():
        if name in LINES:
            label, colour = LINES[name]
        else:
            label = name.removeprefix("grad_norm_").removeprefix("loss_").replace("_", " ")
            colours = free or list(SPARE)
            colour = colours.pop(sum(map(ord, name)) % len(colours))
        lines.append(Line(label, values, colour))
    return lines


def _name_outputs(axes: Axes, probabilities: bool) -> None:
    if probabilities:
        axes.set_ylim(-0.02, 1.02)
        axes.axhline(0.5, color=DARK, linewidth=0.8, linestyle=(0, (4, 4)), zorder=1)
    axes.set_ylabel("mean of D, a probability" if probabilities else "mean score of the critic")


def _scale_norms(axes: Axes, norms: Mapping[str, Floats]) -> None:
    if not any((values <= 0).any() for values in norms.values()):
        axes.set_yscale("log")
    axes.set_ylabel("norm of the gradient")


def smooth(values: Floats, window: int) -> Floats:
    """Moving average over ``window`` values around each one, fewer at both ends and where some are NaN.

    >>> smooth(np.array([1.0, 2.0, 6.0]), 3).tolist(), smooth(np.array([1.0, np.nan, 6.0]), 3).tolist()
    ([1.5, 3.0, 4.0], [1.0, 3.5, 6.0])
    """
    there = ~np.isnan(values)
    counts = np.convolve(there, np.ones(window), mode="full")
    sums = np.convolve(np.where(there, values, 0.0), np.ones(window), mode="full")
    start = (window - 1) // 2
    averages: Floats = (sums / np.where(counts, counts, np.nan))[start : start + len(values)]
    return averages


def _draw(axes: Axes, steps: Floats, *lines: Line) -> None:
    window = max(1, len(steps) // 50)
    for line in lines:
        if window > 1:
            axes.plot(steps, line.values, color=line.colour, linewidth=0.6, alpha=0.3)
        axes.plot(steps, smooth(line.values, window), color=line.colour, linewidth=1.6, label=line.label)
    bare(axes)
    axes.grid(axis="y", color="#e5e5e5", linewidth=0.7)
    axes.set_axisbelow(True)
    if len(lines) > 1:
        axes.legend(
            loc="lower right",
            bbox_to_anchor=(1.0, 0.98),
            borderaxespad=0.0,
            frameon=False,
            ncols=len(lines),
            fontsize=9,
        )


def _draw_apart(axes: Axes, steps: Floats, left: Line, right: Line) -> None:
    """Two lines of different size, each with a scale of its own in its colour."""
    for side, line, where in ((axes, left, "left"), (axes.twinx(), right, "right")):
        _draw(side, steps, line)
        side.set_ylabel(f"loss of the {line.label}", color=line.colour)
        side.tick_params(axis="y", colors=line.colour)
        side.spines["right"].set_visible(where == "right")
        side.spines["right"].set_color("#999999")
        side.grid(visible=where == "left", axis="y")
