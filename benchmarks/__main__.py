"""Command line of the benchmarks."""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path

import numba
import numpy as np
from rich.console import Console

from benchmarks import kernels


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("kernels", help=kernels.__doc__)
    command.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    options = parser.parse_args(arguments)
    figures = kernels.run(Console())
    if options.json:
        figures["machine"] = {
            "processor": platform.machine(),
            "threads": numba.get_num_threads(),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "numba": numba.__version__,
        }
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
