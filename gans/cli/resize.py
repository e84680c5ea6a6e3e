"""``gans resize``."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from gans.data.resize import resize
from gans.messages import one_line
from gans.terminal import note


def run(arguments: Namespace) -> int:
    """Write pictures of one size into a new folder; the exit status."""
    height, width = arguments.size
    passed_over: list[Path] = []
    written = resize(arguments.folder, arguments.out, height, width, passed_over.append)
    for path in passed_over[:10]:
        note(f"{path}: no picture that can be read; passed over")
    if len(passed_over) > 10:
        note(f"{len(passed_over) - 10:,} more files were passed over")
    print(f"{one_line(arguments.out)}: {written:,} pictures of {width} x {height} pixels")
    return 0
