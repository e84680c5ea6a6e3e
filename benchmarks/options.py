"""The options that commands share: sides, device, images."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks import peers
from gans.errors import UserError
from gans.systems import check_device
from minigrad.devices import DEVICES

MOST = 1024
"""The most pixels of a side, and channels, of an image."""


def add_against(parser: Any) -> None:
    """``--against``."""
    parser.add_argument(
        "--against",
        nargs="+",
        default=[],
        metavar="PEER",
        help=f"also compare with these, if installed: {', '.join(peers.PEERS)}, or a FILE.py of yours",
    )


def add_sides(parser: Any) -> None:
    """``--against``, ``--no-numpy``, ``--device`` and ``--tf32``."""
    add_against(parser)
    parser.add_argument(
        "--no-numpy",
        action="store_true",
        help="leave out plain NumPy, which is slow where there is much to do",
    )
    parser.add_argument(
        "--device", choices=DEVICES, default="cpu", help="where every side computes (%(default)s)"
    )
    parser.add_argument(
        "--tf32",
        action="store_true",
        help="on cuda, products may round their operands to TF32, on every side",
    )


def add_files(parser: Any, picture: str) -> None:
    """``--json`` and ``--picture``."""
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.add_argument("--picture", type=Path, metavar="FILE.png", help=f"also draw {picture}")


def sides(arguments: Any) -> list[str]:
    """The sides of a comparison; UserError for what is missing or does not go together."""
    check_device(arguments.device)
    found = peers.sides(arguments.against, arguments.device, numpy=not arguments.no_numpy)
    if arguments.tf32 and arguments.device != "cuda":
        raise UserError("--tf32: only a GPU has that precision; add --device cuda")
    if arguments.picture and len(found) == 1:
        raise UserError("--picture: it compares minigrad with others; add --against torch")
    return found


def image(text: str) -> tuple[int, int, int]:
    """The shape (c, h, w) of an image from HEIGHTxWIDTHxCHANNELS: the ``type`` of an argument."""
    numbers = [int(word) for word in text.lower().split("x") if word.isascii() and word.isdigit()]
    if len(numbers) != 3 or text.lower().count("x") != 2 or not all(1 <= n <= MOST for n in numbers):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not HEIGHTxWIDTHxCHANNELS with numbers from 1 to {MOST}, such as 64x64x3"
        )
    h, w, c = numbers
    return c, h, w
