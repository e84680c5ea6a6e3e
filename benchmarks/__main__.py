"""Command line of the benchmarks."""

from __future__ import annotations

import argparse
import sys

from benchmarks import kernels
from benchmarks.quality import cli as quality


def main(arguments: list[str] | None = None) -> int:
    """Run a command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True)
    kernels.add_parser(commands)
    quality.add_parser(commands)
    options = parser.parse_args(arguments)
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
