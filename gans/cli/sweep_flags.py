"""The flags of the commands about several runs."""

from __future__ import annotations

from collections.abc import Sequence

from gans.cli import run_flags
from gans.cli.command import Parser, add_device, add_executor, add_settings
from gans.paths import user_path

SWEEP = """\
Train MODEL at each point of a grid of settings, with several seeds, and rank the points by a figure of their
samples. The folder has a run for each point and seed, sweep.md (the table, best first, with 95% intervals),
sweep.csv (a line for each run), sweep.png and, with --evaluate-every, curves.png. Ctrl-C saves and stops; the
same command does what is left, after a kill too, and another grid or other seeds add to it.

  gans sweep gan --data ring --seeds 0-4 --set lr=5e-4,1e-3,2e-3 --set beta1=0,0.5 --jobs 2
"""


COMPARE_RUNS = """\
Draw two to eight runs over each other: losses, D's outputs, and the figures that were measured during the
training. The table has what differs in their settings, and their last losses and figures.
"""


def sweep(sweep: Parser, arguments: Sequence[str]) -> None:
    sweep.add_argument("model", nargs="?", metavar="MODEL", help="as in `gans train`")
    grid = sweep.add_argument_group("grid")
    grid.add_argument(
        "--set",
        dest="grid",
        action="append",
        metavar="NAME=V,V",
        help="values of a setting; repeat it for all combinations",
    )
    grid.add_argument("--seeds", metavar="SEEDS", help="such as 0-9 or 0,3,7 (default 0)")
    grid.add_argument(
        "--figure",
        metavar="FIGURE",
        help="ranks the points (default fd where it exists, or that of --keep-best)",
    )
    run_flags.add_config(sweep)
    folder = run_flags.add_data(sweep).add_mutually_exclusive_group()
    folder.add_argument(
        "--out", type=user_path, metavar="DIR", help="the sweep's folder (default runs/sweep-MODEL-DATA)"
    )
    folder.add_argument(
        "--resume", type=user_path, metavar="DIR", help="do what is left of the sweep in DIR, as it was begun"
    )
    add_executor(sweep.add_argument_group("where the runs are trained"), "a run")
    run_flags.add_length(sweep)
    add_settings(sweep, "sweep", arguments)
    run_flags.add_schedule(sweep)
    add_device(sweep, "default cpu")
    run_flags.add_capture(sweep)


def compare_runs(compare: Parser) -> None:
    compare.add_argument("runs", type=user_path, nargs="+", metavar="RUN", help="the runs' folders")
    compare.add_argument(
        "--out",
        type=user_path,
        metavar="FILE",
        help="the picture (default runs.png, which is replaced)",
    )
    compare.add_argument(
        "--json", type=user_path, metavar="FILE", help="write the table; - for standard output, no table"
    )
