"""Write docs/doctor.json and docs/doctor.md: what the doctor says about planted failures and healthy runs.

python -m tools.doctor
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gans.files import write
from gans.study.doctor.failures import FURTHER, REPORT, SEEN_ONCE, TUNING, evaluate
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
Thresholds and settings were chosen on runs of the seeds {tuning}, in `gans/study/doctor/failures.py`:
{planted} planted failures and {healthy} healthy systems, of 60 to 1,000 steps. `python -m tools.doctor`
trains them with other seeds ({seeds}; {further} for the rules that one kind of run shows), and writes
this page and `docs/doctor.json`. **{named} of {all_planted} planted runs got a right name, {first} of
them as the first finding, and {alarms} of {all_healthy} healthy runs an alarm.** A planted run may get
further names: a G that D has left behind has collapsed, too.

What is healthy? On earlier seeds, with batches of 64 for all, the doctor found a collapse in a
relativistic GAN and in a WGAN. Their pictures say that it was right about the first: for the last 400
of 600 steps all samples were in one place, which moved from mode to mode, and one seed in nine stays
so. The second was young: its samples still spread from the middle. So the healthy runs now have the
settings of `gans train` and enough steps, and the threshold is where a G has no more than two
neighbouring modes of the ring's eight. A G that has only begun to spread is narrower than that; metrics
and one checkpoint cannot tell it from one that shrank. Nor does the variance tell when a G keeps two
modes that are far apart.

All runs are small: points on the ring or a line, and digits of 8x8 pixels.
"""


def page(rows: list[dict[str, Any]]) -> str:
    """docs/doctor.md."""
    planted = [row for row in rows if row["expected"]]
    healthy = [row for row in rows if not row["expected"]]
    text = JUDGED.format(
        planted=len({row["name"] for row in planted}),
        healthy=len({row["name"] for row in healthy}),
        tuning=_listed(TUNING),
        seeds=_listed(REPORT),
        further=_listed(FURTHER),
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


def _listed(seeds: tuple[int, ...]) -> str:
    return ", ".join(map(str, seeds))


if __name__ == "__main__":
    rows = evaluate(REPORT) + evaluate(FURTHER, SEEN_ONCE)
    content = {"command": "python -m tools.doctor", "runs": rows}
    write(DOCS / "doctor.json", (json.dumps(content, indent=1) + "\n").encode())
    write(DOCS / "doctor.md", page(rows).encode())
