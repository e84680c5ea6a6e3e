"""How a training went: losses, D's outputs, gradient norms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from gans.plots.style import BLUE, DARK, GREEN, ORANGE, PURPLE, bare, figure, png

__all__ = ["smooth", "training_curves"]

Floats = npt.NDArray[np.float64]


def training_curves(records: Sequence[Mapping[str, Any]], title: str, probabilities: bool = True) -> bytes:
    """PNG of three panels over the steps: losses, D's mean output on real and generated data, gradient norms.

    ``records`` are the lines of metrics.jsonl. The strong lines are moving averages over 2% of the steps,
    the pale ones the values themselves, all of them. ``probabilities`` tells what D's outputs are; else
    they are a critic's scores.

    :raises ValueError: no records
    """
    if not records:
        raise ValueError("training_curves: at least one record needed")
    steps = np.array([record["step"] for record in records], dtype=np.float64)

    def column(name: str) -> Floats:
        return np.array([record[name] for record in records], dtype=np.float64)

    made = figure(9, 8.2)
    losses, outputs, norms = made.subplots(3, 1, sharex=True)
    _draw(losses, steps, {"discriminator": (column("loss_d"), BLUE), "generator": (column("loss_g"), ORANGE)})
    losses.set_ylabel("loss")
    _draw(outputs, steps, {"D(real)": (column("d_real"), GREEN), "D(fake)": (column("d_fake"), PURPLE)})
    if probabilities:
        outputs.set_ylim(-0.02, 1.02)
        outputs.axhline(0.5, color=DARK, linewidth=0.8, linestyle=(0, (4, 4)), zorder=1)
        outputs.set_ylabel("mean of D, a probability")
    else:
        outputs.set_ylabel("mean score of the critic")
    _draw(
        norms,
        steps,
        {"discriminator": (column("grad_norm_d"), BLUE), "generator": (column("grad_norm_g"), ORANGE)},
    )
    if min(column("grad_norm_d").min(), column("grad_norm_g").min()) > 0:
        norms.set_yscale("log")
    norms.set_ylabel("norm of the gradient")
    norms.set_xlabel("step (updates of the generator)")
    norms.xaxis.set_major_locator(MaxNLocator(integer=True))
    norms.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    norms.set_xlim(steps[0], max(steps[-1], steps[0] + 1))
    made.suptitle(title, fontsize=13, color=DARK)
    return png(made)


def smooth(values: Floats, window: int) -> Floats:
    """Moving average over ``window`` values around each one, fewer at both ends.

    >>> smooth(np.array([1.0, 2.0, 6.0]), 3).tolist()
    [1.5, 3.0, 4.0]
    """
    counts = np.convolve(np.ones(len(values)), np.ones(window), mode="full")
    sums = np.convolve(values, np.ones(window), mode="full")
    start = (window - 1) // 2
    averages: Floats = (sums / counts)[start : start + len(values)]
    return averages


def _draw(axes: Axes, steps: Floats, lines: Mapping[str, tuple[Floats, str]]) -> None:
    window = max(1, len(steps) // 50)
    for label, (values, colour) in lines.items():
        if window > 1:
            axes.plot(steps, values, color=colour, linewidth=0.6, alpha=0.3)
        axes.plot(steps, smooth(values, window), color=colour, linewidth=1.6, label=label)
    bare(axes)
    axes.grid(axis="y", color="#e5e5e5", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.legend(loc="upper right", frameon=False, ncols=2, fontsize=9)
