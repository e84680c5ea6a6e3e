"""Study how backprop flows through a GAN.

``microscope`` shows one training step on a page, with every gradient of it; ``open_step`` gives its traces.
``explain`` computes each step by hand beside the engine's, number by number; ``compare`` computes one step
twice, with one thing changed. ``gans.study.board`` puts sentences about GANs to the test; each is a file of
``gans.study.claims``.
"""

from __future__ import annotations

from gans.study.beside import Origin
from gans.study.comparisons import CHANGES, Comparison, compare
from gans.study.explain import explain
from gans.study.explanation import Batch, Explanation, Line, Row, Section
from gans.study.microscope import Microscope, microscope
from gans.study.opened import OpenedStep, OpenedUpdate, open_step
from gans.study.watch import Made, Statement

__all__ = [
    "CHANGES",
    "Batch",
    "Comparison",
    "Explanation",
    "Line",
    "Made",
    "Microscope",
    "OpenedStep",
    "OpenedUpdate",
    "Origin",
    "Row",
    "Section",
    "Statement",
    "compare",
    "explain",
    "microscope",
    "open_step",
]
