"""Generated points among real ones, on the line and in the plane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Circle

from gans.plots.figures.style import BLUE, DARK, GREEN, ORANGE, bare, figure, png

__all__ = ["Surface", "density", "draw_surface", "finish", "frame_of", "scatter"]

Floats = npt.NDArray[np.float64]

SURFACE_SIDE = 161
SURFACE_COLOURS = LinearSegmentedColormap.from_list("fake to real", ["#e3bfd5", "#ffffff", "#a9dbc8"])


@dataclass(frozen=True)
class Surface:
    """D over the plane or the line: ``values`` maps points (k, d) to D's readout (k,).

    ``probabilities`` says that the readout lies in [0, 1]; else it is a critic's score.
    """

    values: Callable[[Floats], npt.ArrayLike]
    probabilities: bool

    @property
    def label(self) -> str:
        """What the readout is."""
        return "D(x), the probability of real" if self.probabilities else "the critic's score of x"

    def at(self, points: Floats) -> Floats:
        """The readout at ``points`` (k, d), as (k,)."""
        return np.asarray(self.values(points), dtype=np.float64).reshape(len(points))


def scatter(
    points: npt.ArrayLike,
    real: npt.ArrayLike,
    title: str,
    modes: npt.ArrayLike | None = None,
    stds: npt.ArrayLike | None = None,
    surface: Surface | None = None,
) -> bytes:
    """PNG of all ``points`` (n, 2) over all of ``real`` (m, 2).

    Each of ``modes`` (k, 2) has a circle of 3 standard deviations around it; ``stds`` is one number or
    (k,). The frame is that of the real points; the picture says how many generated ones lie outside. Behind
    the points is D's ``surface``, where one is given.

    Raises ValueError if points are not (n, 2).
    """
    x, data = _checked("scatter", points, 2), _checked("scatter", real, 2)
    made = figure(6 if surface is None else 6.7, 6.5)
    axes = made.add_axes((0.09, 0.1, 0.88 if surface is None else 0.77, 0.8))
    (left, bottom), (right, top) = frame_of(data)
    if surface is not None:
        draw_surface(axes, surface, (left, right, bottom, top))
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
    finish(axes, title, int((~inside).sum()), len(x))
    return png(made)


def density(
    points: npt.ArrayLike,
    real: npt.ArrayLike,
    title: str,
    log_density: Callable[[Floats], Floats] | None = None,
    surface: Surface | None = None,
) -> bytes:
    """PNG of a histogram of all ``points`` (n, 1) beside the density of the data (Goodfellow et al. 2014,
    figure 1).

    ``log_density`` maps points (k, 1) to (k,) natural logarithms; without it a histogram of ``real`` (m,
    1) takes its place. Heights are shares of all points per unit of length; the picture counts those
    outside its frame. D's ``surface`` is a curve with a scale of its own on the right.

    Raises ValueError if points are not (n, 1).
    """
    x, data = _checked("density", points, 1), _checked("density", real, 1)
    made = figure(7, 5)
    axes = made.add_axes((0.1, 0.19, 0.87 if surface is None else 0.8, 0.67))
    (left,), (right,) = frame_of(data)
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
    if surface is not None:
        _draw_curve(axes, surface, np.linspace(left, right, 801)[:, None])
    axes.set_xlim(left, right)
    axes.set_xlabel("x")
    axes.set_ylabel("density")
    finish(axes, title, int(((x < left) | (x > right)).sum()), len(x))
    return png(made)


def _checked(name: str, points: npt.ArrayLike, dimension: int) -> Floats:
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != dimension or len(array) == 0:
        raise ValueError(f"{name}: points of shape (n, {dimension}) needed, got {array.shape}")
    return array


def frame_of(data: Floats) -> tuple[Floats, Floats]:
    """The corners of the box of ``data`` (n, d), wider by a quarter of its longest side."""
    low, high = data.min(axis=0), data.max(axis=0)
    margin = 0.25 * max(float((high - low).max()), 1e-6)
    return low - margin, high + margin


def draw_surface(axes: Axes, surface: Surface, extent: tuple[float, float, float, float]) -> None:
    """D's readout in pale colours behind the points, with its scale on the right and a line where D is
    undecided.
    """
    left, right, bottom, top = extent
    x, y = np.linspace(left, right, SURFACE_SIDE), np.linspace(bottom, top, SURFACE_SIDE)
    plane = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    values = surface.at(plane).reshape(SURFACE_SIDE, SURFACE_SIDE)
    low, high = (0.0, 1.0) if surface.probabilities else (float(values.min()), float(values.max()))
    image = axes.imshow(
        values, SURFACE_COLOURS, extent=extent, origin="lower", vmin=low, vmax=high, aspect="equal",
        interpolation="bilinear", zorder=0,
    )  # fmt: skip
    levels = [0.5] if surface.probabilities else 8
    if low < high:
        axes.contour(x, y, values, levels, colors="#999999", linewidths=0.7, linestyles="dashed", zorder=0.5)
    box = axes.get_position()
    scale = axes.get_figure(root=True)
    assert scale is not None
    bar = scale.colorbar(image, cax=scale.add_axes((box.x1 + 0.02, box.y0 + 0.1, 0.02, box.height - 0.2)))
    outline: Any = bar.outline
    outline.set_visible(False)
    bar.ax.tick_params(colors="#555555", labelsize=8, length=2)
    bar.set_label(surface.label, fontsize=9, color=DARK)


def _draw_curve(axes: Axes, surface: Surface, line: Floats) -> None:
    """D's readout over the line, with a scale of its own."""
    right = axes.twinx()
    values = surface.at(line)
    right.plot(line[:, 0], values, color=GREEN, linewidth=1.4, linestyle="dashed")
    if surface.probabilities:
        right.set_ylim(-0.02, 1.02)
    right.set_ylabel(surface.label, color=GREEN)
    bare(right)
    right.spines["left"].set_visible(False)
    right.spines["right"].set_visible(True)
    right.spines["right"].set_color("#999999")
    axes.plot([], [], color=GREEN, linewidth=1.4, linestyle="dashed", label="D")


def finish(axes: Axes, title: str, outside: int, count: int) -> None:
    """Title, the number of points and of those outside the frame, and the legend below."""
    counts = f"{count:,} points" + (f", {outside:,} of them outside the frame" if outside else "")
    axes.set_title(title, parse_math=False, fontsize=12, color=DARK, pad=24)
    axes.text(0.5, 1.02, counts, transform=axes.transAxes, ha="center", fontsize=9, color="#666666")
    bare(axes)
    made = axes.get_figure(root=True)
    assert made is not None
    made.legend(
        *axes.get_legend_handles_labels(), loc="lower center", bbox_to_anchor=(0.5, 0.0), ncols=4,
        frameon=False, fontsize=8, handletextpad=0.4, markerscale=2,
    )  # fmt: skip
