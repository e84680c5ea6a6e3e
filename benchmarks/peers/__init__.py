"""The sides of a comparison: minigrad, the same engine on plain NumPy kernels, and PyTorch if it is there."""

from __future__ import annotations

import importlib.util
from typing import Any

import numba

from gans.errors import UserError
from gans.systems import check_device
from minigrad.devices import DEVICES

OPTIONAL = ("torch",)
PYTORCH = ("torch", "torch-graph")
"""Eager, and a step as a CUDA graph."""


def sides(against: list[str], device: str = "cpu") -> list[str]:
    """minigrad, on the CPU plain NumPy too, then those of the option; UserError if one is not installed."""
    for name in against:
        if importlib.util.find_spec(name) is None:
            raise UserError(f"--against {name}: {name} is not installed; run `python -m pip install {name}`")
    return ["minigrad", *(["numpy"] if device == "cpu" else []), *dict.fromkeys(against)]


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


def add_arguments(parser: Any) -> None:
    """``--against``, ``--device`` and ``--tf32``."""
    add_argument(parser)
    parser.add_argument(
        "--device", choices=DEVICES, default="cpu", help="where every side computes (%(default)s)"
    )
    parser.add_argument(
        "--tf32",
        action="store_true",
        help="on cuda, products may round their operands to TF32, on every side",
    )


def checked_sides(arguments: Any) -> list[str]:
    """The sides of a comparison; UserError for what is missing or does not go together."""
    check_device(arguments.device)
    found = sides(arguments.against, arguments.device)
    if arguments.tf32 and arguments.device != "cuda":
        raise UserError("--tf32: only a GPU has that precision; add --device cuda")
    if arguments.picture and len(found) == 1:
        raise UserError("--picture: it compares minigrad with others; add --against torch")
    return found
