"""Generated points among real ones, on the line and in the plane."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from gans.plots.style import BLUE, DARK, ORANGE, bare, figure, png

__all__ = ["density", "scatter"]

Floats = npt.NDArray[np.float64]


def scatter(
    points: npt.ArrayLike,
    real: npt.ArrayLike,
    title: str,
    modes: npt.ArrayLike | None = None,
    stds: npt.ArrayLike | None = None,
) -> bytes:
    """PNG of all ``points`` (n, 2) over all of ``real`` (m, 2).

    Each of ``modes`` (k, 2) has a circle of 3 standard deviations around it; ``stds`` is one number or
    (k,). The frame is that of the real points; the picture says how many generated ones lie outside.

    :raises ValueError: points that are not (n, 2)
    """
    x, data = _checked("scatter", points, 2), _checked("scatter", real, 2)
    made = figure(6, 6.3)
    axes = made.add_axes((0.09, 0.06, 0.88, 0.84))
    (left, bottom), (right, top) = _frame(data)
    axes.scatter(data[:, 0], data[:, 1], s=9, color="#b0b0b0", linewidths=0, label="real", zorder=1)
    axes.scatter(x[:, 0], x[:, 1], s=7, color=ORANGE, alpha=0.55, linewidths=0, label="generated", zorder=2)
    if modes is not None:
        centres = np.asarray(modes, dtype=np.float64)
        spread = np.broadcast_to(np.asarray(0.0 if stds is None else stds, dtype=np.float64), len(centres))
        for centre, std in zip(centres, spread, strict=True):
            axes.add_patch(
                Circle((centre[0], centre[1]), 3 * std, fill=False, edgecolor=DARK, linewidth=0.9, zorder=3)
            )
        axes.scatter(
            centres[:, 0],
            centres[:, 1],
            marker="+",
            s=30,
            color=DARK,
            linewidths=0.9,
            label="modes, 3 std",
            zorder=3,
        )
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    inside = (x >= [left, bottom]).all(axis=1) & (x <= [right, top]).all(axis=1)
    _finish(axes, title, int((~inside).sum()), len(x))
    return png(made)


def density(
    points: npt.ArrayLike,
    real: npt.ArrayLike,
    title: str,
    log_density: Callable[[Floats], Floats] | None = None,
) -> bytes:
    """PNG of a histogram of all ``points`` (n, 1) beside the density of the data.

    ``log_density`` maps points (k, 1) to (k,) natural logarithms; without it a histogram of ``real`` (m,
    1) takes its place. Heights are shares of all points per unit of length; the picture counts those
    outside its frame.

    :raises ValueError: points that are not (n, 1)
    """
    x, data = _checked("density", points, 1), _checked("density", real, 1)
    made = figure(7, 4.6)
    axes = made.add_axes((0.1, 0.12, 0.87, 0.73))
    (left,), (right,) = _frame(data)
    bins = np.linspace(left, right, 81)
    width = bins[1] - bins[0]
    heights = np.histogram(x[:, 0], bins)[0] / (len(x) * width)
    axes.stairs(heights, bins, fill=True, color=ORANGE, alpha=0.55, label="generated")
    if log_density is not None:
        line = np.linspace(left, right, 801)[:, None]
        axes.plot(
            line[:, 0], np.exp(log_density(line)), color=BLUE, linewidth=1.8, label="data, exact density"
        )
    else:
        axes.stairs(np.histogram(data[:, 0], bins)[0] / (len(data) * width), bins, color=BLUE, label="data")
    axes.set_xlim(left, right)
    axes.set_xlabel("x")
    axes.set_ylabel("density")
    _finish(axes, title, int(((x < left) | (x > right)).sum()), len(x))
    return png(made)


def _checked(name: str, points: npt.ArrayLike, dimension: int) -> Floats:
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != dimension or len(array) == 0:
        raise ValueError(f"{name}: points of shape (n, {dimension}) needed, got {array.shape}")
    return array


def _frame(data: Floats) -> tuple[Floats, Floats]:
    """The corners of the box of ``data`` (n, d), wider by a quarter of its longest side."""
    low, high = data.min(axis=0), data.max(axis=0)
    margin = 0.25 * max(float((high - low).max()), 1e-6)
    return low - margin, high + margin


def _finish(axes: Axes, title: str, outside: int, count: int) -> None:
    told = f"{count:,} points" + (f", {outside:,} of them outside the frame" if outside else "")
    axes.set_title(title, fontsize=12, color=DARK, pad=24)
    axes.text(0.5, 1.02, told, transform=axes.transAxes, ha="center", fontsize=9, color="#666666")
    bare(axes)
    axes.legend(loc="upper right", frameon=False, fontsize=8, handletextpad=0.4, markerscale=2)
