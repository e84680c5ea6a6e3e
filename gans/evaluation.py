"""Figures of a run's samples: which are measured for its kind of data, and their table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

from gans.data import ImageData, ToyData
from gans.data.images import KINDS, STEMS
from gans.errors import UserError
from gans.metrics import MEANINGS, Meaning, evaluate_images, evaluate_points, evaluate_sequences, remarks
from gans.systems import System
from gans.trainer import RunConfig, random_stream

__all__ = ["Evaluation", "UnmeasurableError", "measure"]

DEFAULT_IMAGES = 10_000
DEFAULT_POINTS = 2_500


class UnmeasurableError(UserError):
    """The samples are too few, or no figure exists for their shape."""


class Evaluation(dict[str, Any]):
    """Figures by name, as ``gans.metrics.evaluate_images`` and ``evaluate_points`` describe them.

    A notebook shows a table: each figure, the same figure of real data, which way is better, and remarks.
    ``meanings`` are those of a system's own figures.
    """

    def __init__(self, figures: Mapping[str, Any], meanings: Mapping[str, Meaning] | None = None) -> None:
        super().__init__(figures)
        self._meanings = {**MEANINGS, **(meanings or {})}

    def rows(self) -> Iterator[tuple[str, str, str, str, str]]:
        """The name of each figure, its value, real data's value, which way is better, and its meaning."""
        beside = {name: self._of_real(name) for name in self}
        for name, value in self.items():
            if name not in beside.values():
                meaning = self._meanings.get(name, Meaning(""))
                real = beside[name]
                words = "" if real is None else _short(self[real])
                yield name.replace("_", " "), _short(value), words, meaning.better, meaning.words

    def remarks(self) -> list[str]:
        """The limits of the figures, a sentence each."""
        return list(remarks(self))

    def _of_real(self, name: str) -> str | None:
        return next((other for other in (f"{name}_floor", f"real_{name}") if other in self), None)

    def _repr_html_(self) -> str:
        head = "".join(
            f"<th>{name}</th>" for name in ("figure", "samples", "real data", "better", "what it is")
        )
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows()
        )
        said = "".join(f"<p>{escape(remark)}</p>" for remark in self.remarks())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{said}"


def measure(
    system: System,
    config: RunConfig,
    data: Any,
    n: int | None,
    seed: int,
    *,
    average: bool = True,
    progress: Callable[[str], None] = lambda stage: None,
) -> Evaluation:
    """Figures of ``n`` new samples of ``system`` against ``data``; as ``gans.evaluate``.

    Raises UnmeasurableError if the samples cannot be measured against the data.
    """
    if isinstance(data, ImageData) and "test images" in data.missing:
        files = ", ".join(STEMS[KINDS.index(kind)] for kind in data.missing)
        raise UserError(
            f"{data.name} has no {', '.join(data.missing)}; an evaluation compares samples with them: "
            f"put them into its folder as {files}"
        )
    count = n or (DEFAULT_POINTS if isinstance(data, ToyData) else DEFAULT_IMAGES)
    progress(f"making {count:,} samples")
    made = system.sample(count, random_stream(seed, "samples"), average=average)
    try:
        if isinstance(data, ImageData):
            figures = evaluate_images(made.samples, data, labels=made.labels, seed=seed, progress=progress)
        elif data.kind == "sequences":
            figures = evaluate_sequences(made.samples, data, seed=seed)
        else:
            figures = evaluate_points(made.samples, data, seed=seed)
    except ValueError as error:
        raise UnmeasurableError(f"{count} samples of {config.title} cannot be measured: {error}") from error
    with system.evaluating(average=average):
        own = system.figures(data, random_stream(seed, "samples"))
    return Evaluation({**own, **figures}, meanings=system.figure_meanings)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return " ".join(_short(item) for item in value)
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
