"""Pictures of a trained run: a file for each kind, and a table of the kinds.

``gans.plot(run, kind)`` draws one of them; ``gans.plotting.KINDS`` has them by name.
"""

from __future__ import annotations

from gans.plotting.kinds import KINDS, PictureKind, draw, kind_called, kinds_of
from gans.plotting.picture import Picture, check_png
from gans.plotting.trained import Trained

__all__ = ["KINDS", "Picture", "PictureKind", "Trained", "check_png", "draw", "kind_called", "kinds_of"]
