"""Pictures as bytes of PNG and GIF files; nothing is written, no global state is touched."""

from __future__ import annotations

from gans.plots import agg  # noqa: F401  # before anything else imports Matplotlib
from gans.plots.animation import animation
from gans.plots.captioned import captioned_rows, signed_colours
from gans.plots.curves import training_curves
from gans.plots.field import arrows, paths
from gans.plots.grids import clip_rows, image_grid, image_rows, token_grid
from gans.plots.layers import layer_curves
from gans.plots.panels import Band, figure_curves, size_curves
from gans.plots.points import Surface, density, scatter

__all__ = [
    "Band",
    "Surface",
    "animation",
    "arrows",
    "captioned_rows",
    "clip_rows",
    "density",
    "image_grid",
    "image_rows",
    "layer_curves",
    "paths",
    "scatter",
    "signed_colours",
    "token_grid",
    "figure_curves",
    "size_curves",
    "training_curves",
]
