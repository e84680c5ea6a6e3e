"""The project's kernels keep the rules and their budget on every target."""

from __future__ import annotations

import functools

import pytest

from tests.gpu.gate import budget
from tests.gpu.gate.reading import Needs
from tests.gpu.kernels.sources import sources

SOURCES = pytest.mark.parametrize("name", sources())
COMPILES = pytest.mark.slow
"""NVRTC takes two minutes for all sources on two targets; ``.ci/run`` has a part of its own for it."""


@functools.cache
def needs_of(name: str) -> dict[str, Needs]:
    return dict(budget.found(name, sources()[name]))


@COMPILES
@SOURCES
def test_every_instance_is_launched_as_it_declares_and_spills_nothing(name: str) -> None:
    faults = []
    source = sources()[name]
    for instance, need in needs_of(name).items():
        faults += budget.broken_rules(instance, need, source.constants["THREADS"], source.shared)
    assert faults == []


@COMPILES
@SOURCES
def test_every_instance_keeps_its_budget(name: str) -> None:
    _, rows = budget.load()
    assert len(needs_of(name)) == len(sources()[name].instances) * len(budget.TARGETS) > 0
    faults = []
    for instance, need in needs_of(name).items():
        faults += budget.beyond(instance, need, rows.get(instance))
    assert faults == []


def test_every_row_has_an_instance() -> None:
    names = {
        f"{name} {instance} {target}"
        for name, source in sources().items()
        for instance in source.instances
        for target in budget.TARGETS
    }
    _, rows = budget.load()
    assert budget.without_instance(rows, names) == []
    assert budget.without_instance({**rows, "conv/simple.cu gone<float> sm_90": {}}, names) != []
