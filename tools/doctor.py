"""Write docs/doctor.json and docs/doctor.md: what the doctor says about planted failures and healthy runs.

    python -m tools.doctor [--seeds S ...]

The seeds are those of the report; 0 is the one on which thresholds were chosen.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from gans.files import write
from gans.study.doctor.failures import REPORT, evaluate
from gans.study.doctor.rules import RULES

DOCS = Path(__file__).parents[1] / "docs"

HEAD = """\
# The doctor

`gans doctor RUN` names the likely cause of what is wrong with a run, from `metrics.jsonl` and the checkpoint
alone: each finding has its evidence in numbers, and the remedy that the literature gives. `--json` prints all
statistics; in Python, `gans.study.doctor.diagnose(RUN).findings`. It looks at what is there, so a run that is
too short looks like a failed one.

"""

JUDGED = """\
The thresholds were chosen on runs of seed 0, in `gans/study/doctor/failures.py`: {planted} planted failures
and {healthy} healthy systems, of 60 to 600 steps. `python -m tools.doctor` trains them with other seeds
({seeds}), and writes this page and `docs/doctor.json`. **{named} of {all_planted} planted runs got a right
name, {first} of them as the first finding, and {alarms} of {all_healthy} healthy runs an alarm.** A planted
run may get further names: a G that D has left behind has collapsed, too.

No planted run shows rotation. Adam with beta1 0.95, which was to show it, collapsed instead, and is not in
the count; the rule was tried on made losses alone. All runs are small: points on the ring, and digits of
8x8 pixels.
"""


def page(rows: list[dict[str, Any]]) -> str:
    """docs/doctor.md."""
    planted = [row for row in rows if row["expected"]]
    healthy = [row for row in rows if not row["expected"]]
    text = JUDGED.format(
        planted=len({row["name"] for row in planted}),
        healthy=len({row["name"] for row in healthy}),
        seeds=", ".join(str(seed) for seed in sorted({row["seed"] for row in rows})),
        named=sum(row["right"] for row in planted),
        first=sum(row["found"][:1] == [name] for row in planted for name in row["expected"]),
        all_planted=len(planted),
        alarms=sum(not row["right"] for row in healthy),
        all_healthy=len(healthy),
    )
    lines = [HEAD + "| finding | cause | reads | above | remedy |", "| --- | --- | --- | --- | --- |"]
    for name, rule in RULES.items():
        lines.append(f"| {name} | {rule.cause} | {rule.reads} | {rule.threshold:g} | {rule.remedy} |")
    lines += [
        "",
        "## How often it is right",
        "",
        text,
        "| run | seed | expected | found |",
        "| --- | --- | --- | --- |",
    ]
    for row in rows:
        expected = " or ".join(row["expected"]) or "nothing"
        found = ", ".join(row["found"]) or "nothing"
        mark = "" if row["right"] else " (wrong)"
        lines.append(f"| {row['name']} | {row['seed']} | {expected} | {found}{mark} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=list(REPORT))
    seeds = parser.parse_args().seeds
    rows = evaluate(tuple(seeds))
    command = "python -m tools.doctor --seeds " + " ".join(map(str, seeds))
    write(DOCS / "doctor.json", (json.dumps({"command": command, "runs": rows}, indent=1) + "\n").encode())
    write(DOCS / "doctor.md", page(rows).encode())
