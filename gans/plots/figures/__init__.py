"""Figures by Matplotlib, imported so that a backend in MPLBACKEND that is not installed does not stop it.

Figures are drawn into memory, without a window. The variable still decides about the user's own windows.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

__all__: list[str] = []


def _import_matplotlib() -> None:
    chosen = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib as mpl
    finally:
        if chosen is not None:
            os.environ["MPLBACKEND"] = chosen
    if chosen:
        with suppress(ValueError):  # there is no such backend; opening a window says so
            mpl.rcParams["backend"] = chosen


if "matplotlib" not in sys.modules:
    _import_matplotlib()
