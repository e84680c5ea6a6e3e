"""Pictures as bytes of PNG and GIF files; nothing is written, no global state is touched.

Grids and animations are made of pixels; ``gans.plots.figures`` draws the others with Matplotlib, which takes
half a second to import. Modules are imported when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gans.plots.animated import animation
    from gans.plots.figures.captioned import captioned_rows, signed_colours
    from gans.plots.figures.curves import training_curves
    from gans.plots.figures.field import arrows, paths
    from gans.plots.figures.layers import layer_curves
    from gans.plots.figures.panels import Band, figure_curves, size_curves
    from gans.plots.figures.points import Surface, density, scatter
    from gans.plots.figures.sweeps import MOST_LINES, Series, Spot, overlaid_curves, settings_figure
    from gans.plots.grids import clip_rows, image_grid, image_rows, token_grid

_MODULES = {
    "animated": ("animation",),
    "grids": ("clip_rows", "image_grid", "image_rows", "token_grid"),
    "figures.captioned": ("captioned_rows", "signed_colours"),
    "figures.curves": ("training_curves",),
    "figures.field": ("arrows", "paths"),
    "figures.layers": ("layer_curves",),
    "figures.panels": ("Band", "figure_curves", "size_curves"),
    "figures.points": ("Surface", "density", "scatter"),
    "figures.sweeps": ("MOST_LINES", "Series", "Spot", "overlaid_curves", "settings_figure"),
}

__all__ = [
    "MOST_LINES",
    "Band",
    "Series",
    "Spot",
    "Surface",
    "animation",
    "arrows",
    "captioned_rows",
    "clip_rows",
    "density",
    "figure_curves",
    "image_grid",
    "image_rows",
    "layer_curves",
    "overlaid_curves",
    "paths",
    "scatter",
    "settings_figure",
    "signed_colours",
    "size_curves",
    "token_grid",
    "training_curves",
]


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"gans.plots.{module}"), name)
    raise AttributeError(f"module 'gans.plots' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
