"""The sides of a comparison: minigrad, the same engine on plain NumPy kernels, and PyTorch if it is there."""

from __future__ import annotations

import importlib.util
from typing import Any

import numba

from gans.errors import UserError

OPTIONAL = ("torch",)


def sides(against: list[str]) -> list[str]:
    """minigrad first, then plain NumPy, then those asked for; UserError if one is not installed."""
    for name in against:
        if importlib.util.find_spec(name) is None:
            raise UserError(f"--against {name}: {name} is not installed; run `python -m pip install {name}`")
    return ["minigrad", "numpy", *dict.fromkeys(against)]


def threads() -> int:
    """How many threads each side uses: Numba's number, which follows affinity and NUMBA_NUM_THREADS."""
    return int(numba.config.NUMBA_NUM_THREADS)


def add_argument(parser: Any) -> None:
    """``--against``."""
    parser.add_argument(
        "--against",
        nargs="+",
        default=[],
        choices=OPTIONAL,
        metavar="PEER",
        help=f"also compare with these, if installed: {', '.join(OPTIONAL)}",
    )
