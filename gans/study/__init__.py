"""Study how backprop flows through a GAN.

``explain`` computes each step by hand beside the engine's, number by number; ``compare`` computes one step
twice, with one thing changed. ``gans.study.board`` puts sentences about GANs to the test; each is a file of
``gans.study.claims``.
"""

from __future__ import annotations

from gans.study.beside import Origin
from gans.study.comparisons import CHANGES, Comparison, compare
from gans.study.explain import explain
from gans.study.explanation import Batch, Explanation, Line, Row, Section
from gans.study.watch import Made, Statement

__all__ = [
    "CHANGES",
    "Batch",
    "Comparison",
    "Explanation",
    "Line",
    "Made",
    "Origin",
    "Row",
    "Section",
    "Statement",
    "compare",
    "explain",
]
