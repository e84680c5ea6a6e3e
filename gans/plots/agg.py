"""Matplotlib, imported so that MPLBACKEND cannot stop it: that may name what is not installed here.

Pictures are drawn without a window, into memory. What the variable names is what the user's own windows get.
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
