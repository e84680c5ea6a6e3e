"""Tries every mutant in both of the emulator's modes, and keeps what caught it in results.json."""

from __future__ import annotations

import argparse
import collections
import json
import sys
import time
from pathlib import Path

from tests.gpu.mutants import MUTANTS, caught

RESULTS = Path(__file__).parent / "results.json"
MODES = {"emulated": False, "emulated, checked": True}


def main() -> int:
    """Exit status 1 if a mutant is caught in neither mode."""
    argparse.ArgumentParser(prog="python -m tests.gpu.mutants", description=__doc__).parse_args()
    start = time.perf_counter()
    rows: dict[str, dict[str, str]] = {}
    for mutant in MUTANTS:
        rows[mutant.name] = {mode: caught(mutant, check) for mode, check in MODES.items()}
        print(mutant.name, rows[mutant.name], flush=True)
    survivors = [name for name, row in rows.items() if not any(row.values())]
    counts = {
        mode: dict(collections.Counter(row[mode] or "not caught" for row in rows.values())) for mode in MODES
    }
    head = {
        "command": "python -m tests.gpu.mutants",
        "date": time.strftime("%Y-%m-%d"),
        "mutants": len(rows),
        "caught": len(rows) - len(survivors),
        "by": counts,
    }
    lines = [f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items()]
    RESULTS.write_text(json.dumps(head, indent=1)[:-2] + ',\n "rows": {\n' + ",\n".join(lines) + "\n }\n}\n")
    print(json.dumps(head), f"in {time.perf_counter() - start:.0f} s", *survivors, sep="\n")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
