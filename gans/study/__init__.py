"""Study how backprop flows through a GAN: each step by hand beside the engine's, number by number."""

from __future__ import annotations

from gans.study.explain import explain
from gans.study.explanation import Explanation, Line, Row, Section
from gans.study.watch import Made, Statement

__all__ = ["Explanation", "Line", "Made", "Row", "Section", "Statement", "explain"]
