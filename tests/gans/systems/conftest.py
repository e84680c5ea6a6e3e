"""Settings of the tests of systems."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def pictures_of_runs(fingerprints: None) -> None:
    """Runs have fingerprints for pictures: tests/gans/trainer/test_sanity.py draws those of every system."""
