"""Shows how the kernels stand to the budget; --write makes the budget what they need now."""

from __future__ import annotations

import argparse
import sys

from tests.gpu.gate import budget
from tests.gpu.gate.nvrtc import CompileError, ToolMissing
from tests.gpu.kernels.sources import sources


def main() -> int:
    """Exit status 1 for faults that remain, 2 if the kernels cannot be compiled."""
    parser = argparse.ArgumentParser(prog="python -m tests.gpu.gate", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write budget.json anew")
    options = parser.parse_args()
    needs, broken = {}, []
    try:
        for source_name, source in sources().items():
            for name, need in budget.found(source_name, source):
                needs[name] = need
                broken += budget.broken_rules(name, need, source.constants["THREADS"], source.shared)
    except (ToolMissing, CompileError) as error:
        print(f"python -m tests.gpu.gate: {error}", file=sys.stderr)
        return 2
    if options.write:
        budget.write(needs)
    _, rows = budget.load()
    for name in sorted(rows.keys() | needs.keys()):
        before, now = rows.get(name), budget.row(needs[name]) if name in needs else None
        if before != now:
            print(f"{name}: {before} -> {now}")
    faults = [*broken, *budget.without_instance(rows, needs)]
    for name, need in needs.items():
        faults += budget.beyond(name, need, rows.get(name))
    print("\n".join([*faults, f"{len(needs)} instances, {len(faults)} faults"]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
