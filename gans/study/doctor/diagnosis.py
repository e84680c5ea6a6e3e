"""``diagnose``: the rules that a run meets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from gans.data import Dataset
from gans.options import StrPath
from gans.paths import user_path
from gans.study.doctor.case import Case
from gans.study.doctor.rules import RULES, Rule

__all__ = ["Diagnosis", "Finding", "diagnose", "of_case"]


class Finding(NamedTuple):
    """A rule that a run meets, with its statistic."""

    rule: Rule
    value: float

    @property
    def strength(self) -> float:
        """The statistic in thresholds."""
        return self.value / self.rule.threshold

    @property
    def evidence(self) -> str:
        """The rule's sentence with its numbers."""
        return self.rule.evidence.format(value=self.value, threshold=self.rule.threshold)


@dataclass(frozen=True)
class Diagnosis:
    """``findings``, causes before symptoms and the strongest first, and the statistics of all rules.

    A statistic in ``values`` is None where its rule does not apply.
    """

    title: str
    step: int
    findings: list[Finding]
    values: dict[str, float | None]

    @property
    def names(self) -> list[str]:
        """The names of the findings."""
        return [finding.rule.name for finding in self.findings]

    def as_json(self) -> dict[str, Any]:
        """The diagnosis as plain data."""
        found = [
            {
                "name": one.rule.name,
                "cause": one.rule.cause,
                "value": one.value,
                "threshold": one.rule.threshold,
                "evidence": one.evidence,
                "remedy": one.rule.remedy,
            }
            for one in self.findings
        ]
        return {"run": self.title, "step": self.step, "findings": found, "values": self.values}


def diagnose(run: StrPath, data: Dataset | None = None) -> Diagnosis:
    """The likely causes of what is wrong with the run in a folder, from its metrics and its checkpoint.

    >>> import gans, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> _ = gans.train("gan", data="ring", steps=20, lr_ratio=1e-6, out=folder.name, progress=False)
    >>> "blind-d" in diagnose(folder.name).names
    True
    >>> folder.cleanup()

    ``data`` are those of the training if they have no name. Raises UserError if there is no run, no
    checkpoint, or no step yet.
    """
    return of_case(Case.of(user_path(run), data))


def of_case(case: Case) -> Diagnosis:
    """The rules that a case meets."""
    values = {name: rule.statistic(case) for name, rule in RULES.items()}
    met = [
        Finding(rule, value)
        for name, rule in RULES.items()
        if (value := values[name]) is not None and value > rule.threshold
    ]
    met.sort(key=lambda finding: (finding.rule.is_symptom, -finding.strength))
    return Diagnosis(case.title, case.step, met, values)
