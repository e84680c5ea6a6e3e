"""The doctor: the likely cause of a failed run, from its metrics and its checkpoint alone.

case       what the rules read: metrics by name, weights, a few samples and data
rules      a statistic of a case, its threshold, what it means and the remedy of the literature
diagnosis  the rules that a run meets, the strongest first
failures   planted failures, on which the thresholds were chosen and, with other seeds, the doctor is judged

    diagnose("runs/gan-ring").findings
"""

from __future__ import annotations

from gans.study.doctor.case import Case
from gans.study.doctor.diagnosis import Diagnosis, Finding, diagnose
from gans.study.doctor.rules import RULES, Rule

__all__ = ["RULES", "Case", "Diagnosis", "Finding", "Rule", "diagnose"]
