"""The claims board: sentences about GANs, what measures each, and a verdict from an effect over seeds.

claim      what a claim is; trial: one seed of its measurement
verdict    supported, refuted or unclear, from the effect and its 95% interval
registry   the claims in ``gans.study.claims``, by name
running    which seeds are due, and how each becomes a result (gans.jobs: in processes, or on a cluster)
results    docs/claims/NAME.json, to which seeds are only ever added
page       docs/claims.md, made from these files alone; pictures: what a claim's picture is drawn with
densities, toys, digits   what measurements share; comparing, on_digits: two ways of training, side by side

    finding = study("optimal-d")
    finding.verdict, finding.low, finding.high
"""

from __future__ import annotations

from gans.study.board.claim import Claim, Effect, identity
from gans.study.board.registry import find, names
from gans.study.board.results import Document, Place
from gans.study.board.running import Due, due_trials, settle, study
from gans.study.board.trial import Trial
from gans.study.board.verdict import Finding, judge

__all__ = [
    "Claim",
    "Document",
    "Due",
    "Effect",
    "Finding",
    "Place",
    "Trial",
    "due_trials",
    "find",
    "identity",
    "judge",
    "names",
    "settle",
    "study",
]
