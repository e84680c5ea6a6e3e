"""How figures depend on the number of samples, and the Frechet distance of infinitely many."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gans import plots
from gans.data import StackedData
from gans.errors import UserError
from gans.evaluation import DEFAULTS, STACKED, TESTED, Evaluation, figures_of, measure_samples
from gans.metrics import frechet_infinity, of_real
from gans.systems import System

__all__ = ["BiasCurve", "Spread", "measure_bias"]

SIZES = 5
"""The most sizes; each is half of the next one."""

LEAST = 65
"""The least size: a Frechet distance over the classifier's 64 features needs more samples than features."""

FITTED = 4
"""The line of ``frechet_infinity`` is fitted to sizes of this part of the largest, or more."""


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation over the draws, for each size; both empty where there is no such figure."""

    mean: Sequence[float]
    std: Sequence[float]


@dataclass(frozen=True)
class BiasCurve:
    """Figures at growing numbers of samples.

    ``sizes`` ascend; ``samples`` and ``real`` have each figure of samples, and of real data in their place,
    over ``draws`` draws. ``infinity`` has each Frechet distance, and its floor, of infinitely many samples.
    """

    title: str
    sizes: Sequence[int]
    draws: int
    samples: Mapping[str, Spread]
    real: Mapping[str, Spread]
    infinity: Mapping[str, float]

    def document(self) -> dict[str, Any]:
        """All of it as JSON values."""

        def spreads(of: Mapping[str, Spread]) -> dict[str, dict[str, list[float]]]:
            return {name: {"mean": list(one.mean), "std": list(one.std)} for name, one in of.items()}

        return {
            "sizes": list(self.sizes),
            "draws": self.draws,
            "samples": spreads(self.samples),
            "real": spreads(self.real),
            "infinity": dict(self.infinity),
        }

    def png(self) -> bytes:
        """A picture with a panel for each figure: samples, real data dashed, and a band of one deviation."""
        panels = {
            name: [plots.Band(of[name].mean, of[name].std) for of in (self.samples, self.real) if name in of]
            for name in self.samples
        }
        return plots.size_curves(self.sizes, panels, self.title)

    def _repr_png_(self) -> bytes:
        return self.png()


def measure_bias(
    system: System,
    title: str,
    data: Any,
    n: int | None,
    draws: int,
    seed: int,
    *,
    average: bool = True,
    progress: Callable[[str], None] = lambda stage: None,
) -> BiasCurve:
    """Figures of ``n`` samples, of half as many, and so on; as ``gans.bias_curve``.

    Raises UserError if there are too few samples or test images for two sizes, or ``draws`` is below 2.
    """
    if draws < 2:
        raise UserError(f"`draws` must be at least 2, got {draws}")
    if not system.generates:
        raise UserError(f"{title} makes no samples, so its figures have one size")
    sizes = _sizes(_most(data, n))
    measured: dict[int, list[Evaluation]] = {}
    for size in sizes:
        measured[size] = []
        for draw in range(draws):
            progress(f"measuring {size:,} samples, draw {draw + 1} of {draws}")
            figures = measure_samples(system, title, data, size, seed + draw, average=average)
            measured[size].append(Evaluation(figures))
    names = [name for name in figures_of(system, data) if _varies(name, measured)]
    return BiasCurve(
        title,
        sizes,
        draws,
        {name: _spread(measured, name) for name in names},
        {name: _spread(measured, beside) for name in names if (beside := _beside(measured, name))},
        {
            one: _at_infinity(measured, one)
            for name in names
            if name.endswith("fd")
            for one in (name, _beside(measured, name))
            if one is not None
        },
    )


def _most(data: Any, n: int | None) -> int:
    """The largest size: more samples than real ones to compare them with would be compared in part only."""
    if isinstance(data, StackedData):
        return n or STACKED
    count = n or DEFAULTS[data.kind]
    return min(count, data.tests) if data.kind in TESTED else count


def _sizes(most: int) -> list[int]:
    halves = [most >> step for step in range(SIZES) if most >> step >= LEAST]
    if len(halves) < 2:
        raise UserError(
            f"a bias curve needs {2 * LEAST} samples and test images or more, got {most}; give more as `n`"
        )
    return halves[::-1]


def _varies(name: str, measured: Mapping[int, list[Evaluation]]) -> bool:
    """Whether the figure is a number in all draws, over numbers of samples that differ."""
    every = [figures for draws in measured.values() for figures in draws]
    numbers = all(isinstance(figures.get(name), int | float) for figures in every)
    return numbers and len({figures.sizes[name] for figures in every}) > 1


def _beside(measured: Mapping[int, list[Evaluation]], name: str) -> str | None:
    """The name of the figure of real data; None unless it is a number in all draws."""
    every = [figures for draws in measured.values() for figures in draws]
    other = of_real(every[0], name)
    there = other is not None and all(isinstance(figures.get(other), int | float) for figures in every)
    return other if there else None


def _spread(measured: Mapping[int, list[Evaluation]], name: str) -> Spread:
    values = [[float(figures[name]) for figures in draws] for draws in measured.values()]
    return Spread([statistics.fmean(v) for v in values], [statistics.stdev(v) for v in values])


def _at_infinity(measured: Mapping[int, list[Evaluation]], name: str) -> float:
    largest = max(measured)
    points = [
        (size, figures[name])
        for size, draws in measured.items()
        if size * FITTED >= largest
        for figures in draws
    ]
    sizes, distances = zip(*points, strict=True)
    return frechet_infinity(sizes, distances)
