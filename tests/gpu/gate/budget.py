"""The budget: a row for every instance and target, and the rules that no row can bend."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from minigrad.kernels.cuda.runtime.loading import Source
from tests.gpu.gate.compiling import compiled
from tests.gpu.gate.nvrtc import version
from tests.gpu.gate.reading import Needs, needs

FILE = Path(__file__).parent / "budget.json"
TARGETS = ("sm_80", "sm_90")
AT_MOST, AT_LEAST = ("registers", "stack", "shared"), ("mma", "cp_async")

CUPYS = "-ftz=true", "--device-as-default-execution-space"
"""The options that CuPy 14.2 adds to a source's own (cupy/cuda/compiler.py); subnormal float32 are zero."""

MAX_SHARED = 163 * 1024  # bytes of a block on sm_80; sm_90 has more

REMEDY = "mend the kernel, or accept this: python -m tests.gpu.gate --write"

Row = Mapping[str, int]


def found(name: str, source: Source) -> Iterator[tuple[str, Needs]]:
    """A row's name, such as ``conv/simple.cu conv2d<float> sm_90``, and what that instance needs."""

    def for_target(target: str) -> dict[str, Needs]:
        return needs(compiled(source.text, (*source.options, *CUPYS), source.instances, target))

    with ThreadPoolExecutor() as threads:  # each waits for a process of its own
        for target, found_there in zip(TARGETS, threads.map(for_target, TARGETS), strict=True):
            for instance, need in found_there.items():
                yield f"{name} {instance} {target}", need


def broken_rules(name: str, need: Needs, threads: int, shared: int = 0) -> list[str]:
    """What no budget allows, for a launch of so many threads and bytes of dynamic shared memory."""
    faults = []
    if need.spills:
        faults.append(f"{name}: spills {need.spills} bytes of registers into memory")
    if need.max_threads != threads:
        declared = need.max_threads or "no number of"
        faults.append(f"{name}: its launch bounds say {declared} threads, its launch {threads}")
    if need.shared + shared > MAX_SHARED:
        faults.append(f"{name}: {need.shared} + {shared} bytes of shared memory, a block has {MAX_SHARED}")
    return faults


def beyond(name: str, need: Needs, row: Row | None) -> list[str]:
    """What is beyond the instance's row."""
    if row is None:
        return [f"{name}: has no row in {FILE.name}; {REMEDY}"]
    numbers = need._asdict()
    over = [f"{what}={numbers[what]}, at most {row[what]}" for what in AT_MOST if numbers[what] > row[what]]
    under = [
        f"{what}={numbers[what]}, at least {row[what]}" for what in AT_LEAST if numbers[what] < row[what]
    ]
    return [f"{name}: {fault}; {REMEDY}" for fault in over + under]


def without_instance(rows: Mapping[str, Row], names: Collection[str]) -> list[str]:
    """The rows that no instance of these has."""
    return [
        f"{name}: a row of {FILE.name} without an instance; {REMEDY}" for name in rows if name not in names
    ]


def row(need: Needs) -> Row:
    """The row that allows just this."""
    return {what: need._asdict()[what] for what in (*AT_MOST, *AT_LEAST)}


def load() -> tuple[str, dict[str, Row]]:
    """The compiler's version, and the rows."""
    record = json.loads(FILE.read_text())
    return record["nvrtc"], record["rows"]


def write(all_needs: Mapping[str, Needs]) -> None:
    """Make the budget what the instances need now, a row on a line."""
    rows = [f"  {json.dumps(name)}: {json.dumps(row(need))}" for name, need in sorted(all_needs.items())]
    head = f' "nvrtc": {json.dumps(version())},\n "written by": "python -m tests.gpu.gate --write"'
    FILE.write_text(f'{{\n{head},\n "rows": {{\n' + ",\n".join(rows) + "\n }\n}\n")
