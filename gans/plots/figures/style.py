"""The common style of pictures: size, colours, and how they become PNG."""

from __future__ import annotations

import io
import warnings

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = ["BLUE", "DARK", "GREEN", "ORANGE", "PURPLE", "bare", "figure", "png"]

# Okabe and Ito's colours, which colour-blind readers can distinguish.
BLUE, ORANGE, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
DARK = "#333333"

DPI = 110


def figure(width: float, height: float) -> Figure:
    """An empty figure of ``width`` x ``height`` inches, outside Matplotlib's global state."""
    made = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(made)
    return made


def bare(axes: Axes) -> None:
    """Remove lines and ticks that carry no information."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#999999")
    axes.tick_params(colors="#555555", labelsize=9)


def png(made: Figure) -> bytes:
    """The figure as PNG, the same bytes for the same figure."""
    file = io.BytesIO()
    with warnings.catch_warnings():  # a name of data may have letters that the font draws as boxes
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        made.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()
