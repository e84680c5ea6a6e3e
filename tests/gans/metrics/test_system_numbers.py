"""docs/metrics.md has each number that a system reports, and each figure of its own, with its models."""

from __future__ import annotations

from gans.systems import SYSTEMS, System
from gans.updates import Update
from tests.gans.metrics.test_metrics_page import names, table


def reports(system: type[System]) -> set[str]:
    """The numbers that the updates of ``system`` may report."""
    attributes = [getattr(system, name) for name in dir(system)]
    return {number for one in attributes if isinstance(one, Update) for number in one.reports}


def single(heading: str) -> dict[str, set[str]]:
    """The names of the table after ``heading``, each with its models."""
    return {name: set(row[1].split(", ")) for row in table(heading) for name in names([row[0]])}


def test_the_page_has_each_number_that_a_system_reports() -> None:
    common = set(names([row[0] for row in table("## Metrics")]))
    having: dict[str, set[str]] = {}
    for model, system in SYSTEMS.items():
        for number in reports(system) - common:
            having.setdefault(number, set()).add(model)
    found = single("### Columns of single models")
    assert {name: having[name] & models for name, models in found.items()} == found
    assert having.keys() == found.keys()


def test_the_page_has_each_figure_of_a_single_system() -> None:
    found = single("### Figures of single models")
    having: dict[str, set[str]] = {}
    for model, system in SYSTEMS.items():
        for figure in system.figure_meanings:
            having.setdefault(figure, set()).add(model)
    assert found == having
    better = {name: row[4] for row in table("### Figures of single models") for name in names([row[0]])}
    meanings = {name: one for system in SYSTEMS.values() for name, one in system.figure_meanings.items()}
    assert better == {name: meaning.better for name, meaning in meanings.items()}
