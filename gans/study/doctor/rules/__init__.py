"""The doctor's rules, by name."""

from __future__ import annotations

from gans.study.doctor.rules import metrics, networks, samples
from gans.study.doctor.rules.rule import Rule

__all__ = ["RULES", "Rule"]

RULES: dict[str, Rule] = {rule.name: rule for family in (metrics, samples, networks) for rule in family.RULES}
