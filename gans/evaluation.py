"""Figures of a run's samples: which are measured for its kind of data, and their table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

from gans.asks import ask_of
from gans.data import (
    DomainData,
    ImageData,
    MovingData,
    PairData,
    PartialData,
    SceneData,
    SequenceData,
    StackedData,
    ToyData,
)
from gans.data.images import KINDS, STEMS
from gans.data.layouts import instances
from gans.errors import UserError
from gans.metrics import (
    FIGURES,
    MEANINGS,
    Meaning,
    evaluate_clips,
    evaluate_domains,
    evaluate_images,
    evaluate_points,
    evaluate_sequences,
    evaluate_stacked,
    evaluate_translations,
    of_real,
    remarks,
)
from gans.metrics.classifier import FEATURES
from gans.streams import random_stream
from gans.systems import Ask, Made, System

__all__ = ["Evaluation", "UnmeasurableError", "check_measurable", "figures_of", "measure", "measure_samples"]

DEFAULTS = {
    "image": 10_000,
    "points": 2_500,
    "pairs": 10_000,
    "domains": 10_000,
    "clips": 1_000,
    "partial": 10_000,
    "sequences": 10_000,
}
"""The number of samples unless given, by kind of data; translations are no more than the test images."""

STACKED = 26_000
"""The number of stacks of digits, of which a thousand modes are counted (Lin et al. 2018)."""

TRANSLATED = ("pairs", "domains", "clips")

TESTED = ("image", "partial", *TRANSLATED)
"""The kinds of data with test images."""

OWN_COUNTS = {
    "measured": Meaning("how many samples or test images the model's own figures are over"),
    "test_sequences": Meaning("how many sequences the oracle held out"),
}
"""Counts that a system may have among its ``figures``."""


class UnmeasurableError(UserError):
    """The samples are too few, or no figure exists for their shape."""


class Evaluation(dict[str, Any]):
    """Figures by name, as ``gans.metrics.evaluate_images`` and ``evaluate_points`` describe them.

    A notebook shows a table: each figure, the same figure of real data, which way is better, the number of
    samples it is over, and remarks.
    ``meanings`` are those of a system's own figures.
    """

    def __init__(self, figures: Mapping[str, Any], meanings: Mapping[str, Meaning] | None = None) -> None:
        super().__init__(figures)
        self._meanings = {**MEANINGS, **(meanings or {})}

    @property
    def sizes(self) -> dict[str, int]:
        """The number of samples that each figure is over."""
        over = {name: self.get(self._meanings[name].over, self.get("samples")) for name in self._measured()}
        return {name: size for name, size in over.items() if size is not None}

    def real(self, name: str) -> Any:
        """The figure ``name`` with real data in the samples' place; None where there is none."""
        other = of_real(self, name)
        return None if other is None else self[other]

    def rows(self) -> Iterator[tuple[str, str, str, str, str, str]]:
        """Each figure: its name, value, real data's value, which way is better, its size, and its meaning."""
        beside, sizes = {of_real(self, name) for name in self}, self.sizes
        for name, value in self.items():
            if name not in beside:
                meaning = self._meanings.get(name, Meaning(""))
                real = "" if of_real(self, name) is None else _short(self.real(name))
                size = _short(sizes[name]) if name in sizes else ""
                yield name.replace("_", " "), _short(value), real, meaning.better, size, meaning.words

    def remarks(self) -> list[str]:
        """The limits of the figures, a sentence each."""
        return list(remarks(self))

    def _measured(self) -> Iterator[str]:
        """The names of the figures that are over samples, and not counts."""
        return (name for name in self if name in self._meanings and self._meanings[name].over)

    def _repr_html_(self) -> str:
        head = "".join(
            f"<th>{name}</th>" for name in ("figure", "samples", "real data", "better", "over", "what it is")
        )
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in self.rows()
        )
        said = "".join(f"<p>{escape(remark)}</p>" for remark in self.remarks())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{said}"


def measure(
    system: System,
    title: str,
    data: Any,
    n: int | None,
    seed: int,
    *,
    average: bool = True,
    truncation: float | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> Evaluation:
    """Figures of ``n`` new samples of ``system`` against ``data``; as ``gans.evaluate``.

    ``title`` names the run in errors.

    Raises UnmeasurableError if the samples cannot be measured against the data.
    """
    figures = measure_samples(
        system, title, data, n, seed, average=average, truncation=truncation, progress=progress
    )
    if truncation is not None:  # the model's own figures are of samples of all z
        return Evaluation(figures)
    with system.evaluating(average=average):
        own = system.figures(data, random_stream(seed, "samples"))
    counts = {"test_images": data.tests} if own and data.kind in TESTED else {}
    return Evaluation({**counts, **own, **figures}, meanings={**OWN_COUNTS, **system.figure_meanings})


def measure_samples(
    system: System,
    title: str,
    data: Any,
    n: int | None,
    seed: int,
    *,
    average: bool = True,
    truncation: float | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> dict[str, Any]:
    """The part of ``measure`` that any system's samples have, and raises as it does."""
    _check_complete(data)
    count = n or (STACKED if isinstance(data, StackedData) else DEFAULTS[data.kind])
    if data.kind in TRANSLATED:
        count = min(count, data.tests)
    progress(f"making {count:,} samples" if system.generates else "classifying")

    def draw(ask: Ask | None = None) -> Made:
        if ask is None and "sources" in system.asks:
            ask = ask_of(data, count)
        elif truncation is not None:
            ask = Ask(truncation=truncation)
        return system.sample(count, random_stream(seed, "samples"), ask, average=average)

    figures_of_kind = MEASURES[data.kind] if system.generates else _nothing
    try:
        return figures_of_kind(draw, data, count, seed, progress)
    except ValueError as error:
        raise UnmeasurableError(f"{count} samples of {title} cannot be measured: {error}") from error


def figures_of(system: System | type[System], data: Any) -> dict[str, Meaning]:
    """The figures of samples of ``system`` against ``data`` that say which one is better."""
    own = {name: meaning for name, meaning in system.figure_meanings.items() if meaning.better}
    if not system.generates:
        return own
    kinds = {"partial": "image"}
    kind = "stacked" if isinstance(data, StackedData) else kinds.get(data.kind, data.kind)
    return {**own, **{name: MEANINGS[name] for name in FIGURES[kind]}}


def check_measurable(system: System | type[System], data: Any) -> None:
    """Refuse data that ``measure`` would refuse, before there are samples.

    Raises UserError if ``data`` lack what samples are compared with, or have too few of it.
    """
    _check_complete(data)
    counted = data.kind in ("image", "partial", "pairs", "domains") and not isinstance(data, StackedData)
    if system.generates and counted and data.tests <= FEATURES:
        raise UserError(
            f"{data.name} has {data.tests} test images, and an evaluation needs more than {FEATURES}: "
            "give it more, or leave `evaluate_every` out"
        )


Draw = Callable[..., Made]
Progress = Callable[[str], None]


def _nothing(draw: Draw, data: Any, count: int, seed: int, progress: Progress) -> dict[str, Any]:  # noqa: ARG001
    return {}


def _images(
    draw: Draw,
    data: ImageData | StackedData,
    count: int,  # noqa: ARG001
    seed: int,
    progress: Progress,
) -> dict[str, Any]:
    made = draw()
    if isinstance(data, StackedData):
        return evaluate_stacked(made.samples, data, labels=made.labels, progress=progress)
    return evaluate_images(made.samples, data, labels=made.labels, seed=seed, progress=progress)


def _partial(draw: Draw, data: PartialData, count: int, seed: int, progress: Progress) -> dict[str, Any]:
    """Figures of images, against all of the set."""
    return _images(draw, data.images, count, seed, progress)


def _points(draw: Draw, data: ToyData, count: int, seed: int, progress: Progress) -> dict[str, Any]:  # noqa: ARG001
    return evaluate_points(draw().samples, data, seed=seed)


def _pairs(
    draw: Draw,
    data: PairData | SceneData,
    count: int,
    seed: int,  # noqa: ARG001
    progress: Progress,  # noqa: ARG001
) -> dict[str, Any]:
    """Figures of translations of the first ``count`` test images."""
    ask = ask_of(data, count)
    assert ask.targets is not None
    labels = data.test_labels[:count] if len(data.test_labels) else None
    _, others = data.batch(slice(count))
    return evaluate_translations(
        draw(ask).samples, ask.targets, others=others, labels=labels, one_answer=data.one_answer
    )


def _domains(draw: Draw, data: DomainData, count: int, seed: int, progress: Progress) -> dict[str, Any]:  # noqa: ARG001
    """Figures of both directions."""
    to_b, to_a = (draw(ask_of(data, count, back=back)).samples for back in (False, True))
    return evaluate_domains(to_b, to_a, data)


def _clips(draw: Draw, data: MovingData, count: int, seed: int, progress: Progress) -> dict[str, Any]:  # noqa: ARG001
    """Figures of clips that are painted from the first ``count`` test maps."""
    ask = ask_of(data, count)
    assert ask.sources is not None
    assert ask.targets is not None
    objects, classes = instances(ask.sources), ask.sources[:, :, :-2].argmax(axis=2) - 1
    _, others = data.batch(slice(count))
    return evaluate_clips(draw(ask).samples, ask.targets, objects, classes, others=others)


def _sequences(draw: Draw, data: SequenceData, count: int, seed: int, progress: Progress) -> dict[str, Any]:  # noqa: ARG001
    return evaluate_sequences(draw().samples, data, seed=seed)


MEASURES: dict[str, Callable[[Draw, Any, int, int, Progress], dict[str, Any]]] = {
    "image": _images,
    "points": _points,
    "pairs": _pairs,
    "domains": _domains,
    "clips": _clips,
    "partial": _partial,
    "sequences": _sequences,
}
"""The figures of samples of each kind of data."""


def _check_complete(data: Any) -> None:
    """Raise UserError if ``data`` lack what samples are compared with."""
    missing = getattr(data, "missing", ())
    if "test images" in missing:
        files = ", ".join(STEMS[KINDS.index(kind)] for kind in missing)
        raise UserError(
            f"{data.name} has no {', '.join(missing)}; an evaluation compares samples with them: "
            f"put them into its folder as {files}"
        )


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return " ".join(_short(item) for item in value)
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
