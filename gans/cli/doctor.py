"""``gans doctor``."""

from __future__ import annotations

import json
from argparse import Namespace

from gans.messages import one_line
from gans.study.doctor import RULES, diagnose


def run(arguments: Namespace) -> int:
    """Print what the doctor finds in a run; the exit status, 0 whatever it finds."""
    diagnosis = diagnose(arguments.folder)
    if arguments.json:
        print(json.dumps(diagnosis.as_json(), indent=2))
        return 0
    print(one_line(f"{diagnosis.title}, step {diagnosis.step:,}"))
    for finding in diagnosis.findings:
        print(f"\n{finding.rule.name}: {finding.rule.cause}")
        print(f"  evidence  {finding.evidence}")
        print(f"  read      {finding.rule.reads}")
        print(f"  remedy    {finding.rule.remedy}")
    if not diagnosis.findings:
        print("nothing found; looked at")
        for name, value in diagnosis.values.items():
            if value is not None:
                rule = RULES[name]
                print(f"  {name}: {value:.3g}, a finding above {rule.threshold:g} ({rule.reads})")
    return 0
