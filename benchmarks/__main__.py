"""Command line of the benchmarks."""

from __future__ import annotations

import argparse
import sys

from benchmarks import bill, compare, kernels, memory, observation, record, since, startup, steps
from benchmarks.quality import cli as quality
from benchmarks.scale import cli as scale
from benchmarks.sweep import cli as sweep
from gans.cli.files import check_folder_of
from gans.cli.settings import with_flags
from gans.errors import UserError


def main(arguments: list[str] | None = None) -> int:
    """Run a command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for command in (
        kernels,
        steps,
        compare,
        since,
        sweep,
        memory,
        startup,
        observation,
        scale,
        bill,
        quality,
    ):
        command.add_parser(commands)
    typed = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(typed)
    options.command = record.command(typed)
    try:
        for place in record.PLACES:
            path = getattr(options, place.removeprefix("--"), None)
            if path is not None:
                check_folder_of(place, path)
        return int(options.run(options))
    except UserError as error:
        print(f"python -m benchmarks: {with_flags(str(error))}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
