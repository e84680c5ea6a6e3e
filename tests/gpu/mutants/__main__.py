"""Tries the mutants in both of the emulator's modes and prints what catches each; all take some minutes."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.gpu.mutants import MODES, MUTANTS, Mutant, MutantError, caught

Rows = dict[str, dict[str, str]]
"""What catches a mutant, "" for nothing, by the mutant's name and the mode."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 if a mutant is caught in neither mode or cannot be tried, 2 if no name fits."""
    parser = argparse.ArgumentParser(prog="python -m tests.gpu.mutants", description=__doc__)
    parser.add_argument("name", nargs="*", help="a part of the names of mutants; by default all are tried")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the table as JSON to this file, too")
    options = parser.parse_args(arguments)
    chosen = [m for m in MUTANTS if not options.name or any(part in m.name for part in options.name)]
    if not chosen:
        parser.error(f"no mutant's name has {' or '.join(map(repr, options.name))} in it")
    start = time.perf_counter()
    try:
        rows = table(chosen)
    except MutantError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    if options.out:
        options.out.write_text(json.dumps({**summary(rows), "rows": rows}, indent=1) + "\n", "utf-8")
    survivors = [name for name, row in rows.items() if not any(row.values())]
    print(f"{len(rows) - len(survivors)} of {len(rows)} caught in {time.perf_counter() - start:.0f} s")
    for name in survivors:
        print(f"not caught: {name}")
    return 1 if survivors else 0


def table(mutants: Sequence[Mutant]) -> Rows:
    """Tries the mutants, and prints the row of each at once."""
    width = max(len(mutant.name) for mutant in mutants)
    rows: Rows = {}
    print_row("", list(MODES), width)
    for mutant in mutants:
        rows[mutant.name] = {mode: caught(mutant, check) for mode, check in MODES.items()}
        print_row(mutant.name, [by or "-" for by in rows[mutant.name].values()], width)
    return rows


def print_row(name: str, cells: Sequence[str], width: int) -> None:
    print("  ".join([name.ljust(width), *(cell.ljust(17) for cell in cells)]).rstrip(), flush=True)


def summary(rows: Rows) -> dict[str, object]:
    """The date, and in each mode how many mutants were caught by what."""
    by = {mode: Counter(row[mode] or "not caught" for row in rows.values()) for mode in MODES}
    return {"date": time.strftime("%Y-%m-%d"), "mutants": len(rows), "by": by}


if __name__ == "__main__":
    sys.exit(main())
