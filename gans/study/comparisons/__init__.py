"""One training step computed twice, with one thing changed, and the difference in every gradient.

>>> comparison = compare("gan", "detach", data="ring", n=8)
>>> comparison.verdicts["D's step"]
'identical bit for bit'
"""

from __future__ import annotations

from gans.study.comparisons.change import ANY, Change, Fit, Variant
from gans.study.comparisons.changes import CHANGES
from gans.study.comparisons.comparing import compare, models_of
from gans.study.comparisons.comparison import Comparison, Row
from gans.study.comparisons.relation import Relation, relation
from gans.study.comparisons.scene import Findings, Part, Scene

__all__ = [
    "ANY",
    "CHANGES",
    "Change",
    "Comparison",
    "Findings",
    "Fit",
    "Part",
    "Relation",
    "Row",
    "Scene",
    "Variant",
    "compare",
    "models_of",
    "relation",
]
