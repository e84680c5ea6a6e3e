"""The project's kernels keep the rules and their budget on every target."""

from __future__ import annotations

import functools

import pytest

from minigrad.kernels.cuda.loading import Source
from tests.cuda_gate import budget
from tests.cuda_gate.reading import Needs
from tests.kernels.cuda.sources import sources

SOURCES = pytest.mark.parametrize("source", sources(), ids=lambda source: source.name)


@functools.cache
def needs_of(source: Source) -> dict[str, Needs]:
    return dict(budget.found(source))


@SOURCES
def test_every_instance_is_launched_as_it_declares_and_spills_nothing(source: Source) -> None:
    faults = []
    for name, need in needs_of(source).items():
        faults += budget.broken_rules(name, need, source.constants["THREADS"])
    assert faults == []


@SOURCES
def test_every_instance_keeps_its_budget(source: Source) -> None:
    _, rows = budget.load()
    assert len(needs_of(source)) == len(source.instances) * len(budget.TARGETS) > 0
    faults = []
    for name, need in needs_of(source).items():
        faults += budget.beyond(name, need, rows.get(name))
    assert faults == []


def test_every_row_has_an_instance() -> None:
    names = {
        f"{source.name} {instance} {target}"
        for source in sources()
        for instance in source.instances
        for target in budget.TARGETS
    }
    _, rows = budget.load()
    assert budget.without_instance(rows, names) == []
    assert budget.without_instance({**rows, "conv.cu gone<float> sm_90": {}}, names) != []


def test_no_two_sources_share_a_name() -> None:
    """A row is found by it."""
    names = [source.name for source in sources()]
    assert len(set(names)) == len(names) > 0
