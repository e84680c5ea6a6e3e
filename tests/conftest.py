"""Settings of every test: Hypothesis profiles, a fixed seed, and a check that no test leaks global state."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(autouse=True)
def isolated_global_state() -> Iterator[None]:
    """Restores the random state, and fails a test that leaves NumPy's error state changed."""
    errors = np.geterr()
    random = sys.modules.get("minigrad.random")
    state = random.get_state() if random is not None else None
    yield
    if random is not None and state is not None:
        random.set_state(state)
    left = np.geterr()
    np.seterr(**errors)
    assert left == errors, f"the test left NumPy's error state at {left}"
