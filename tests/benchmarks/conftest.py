"""Rivals of the benchmarks in the test's own process, with turns of a single call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from benchmarks import ceilings, measuring, rivals, timing


class Quick(rivals.Local):
    """A side whose ceilings are made up."""

    def ceilings(self) -> ceilings.Ceilings:
        return ceilings.Ceilings(fma=100.0, fma_one=50.0, copy=10.0, threads=2)


@contextmanager
def local(
    names: Sequence[str], device: str = "cpu", tf32: bool = False, threads: int = 0
) -> Iterator[list[rivals.Local]]:
    yield [Quick(name) for name in names]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No processes and no warming: nothing that is measured means anything."""
    monkeypatch.setattr(measuring, "rivals", local)
    monkeypatch.setattr(timing, "WARM", 0.0)
    monkeypatch.setattr(timing, "COUNTED", 0.0)
