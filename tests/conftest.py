"""Settings of every test: Hypothesis profiles, a fixed seed, and a check that no test leaks global state."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from minigrad import dispatch, random
from minigrad.kernels.precision import _allowed, tf32_allowed
from minigrad.op import Op, op
from minigrad.registry import registry
from minigrad.tracing import _mode, mode
from tests.processes import end_started

TIMELESS: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
"""A busy machine fails no test: examples may take any time, and so may their drawing."""
settings.register_profile("dev", **TIMELESS)
settings.register_profile("ci", **TIMELESS, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def global_state() -> dict[str, object]:
    """What a test may change inside a block and must leave as it was."""
    return {
        "no_grad, check_finite, capture": mode(),
        "use_kernels": dispatch.kernels_in_use(),
        "allow_tf32": tf32_allowed(),
        "numpy.seterr": np.geterr(),
        "working directory": os.getcwd(),
    }


@pytest.fixture(autouse=True)
def isolated_global_state() -> Iterator[None]:
    """Each test begins with one random state, and ends its processes; it fails if it changed global state."""
    before = global_state()
    random_state = random.get_state()
    random.manual_seed(0)
    yield
    end_started()
    random.set_state(random_state)
    leaked = {name: value for name, value in global_state().items() if value != before[name]}
    for setting in (_mode, dispatch._chosen, _allowed):
        setting.reset()
    np.seterr(all="warn", under="ignore")
    assert not leaked, f"the test left global state changed: {leaked}"


@pytest.fixture
def user_op() -> Iterator[Callable[..., Op]]:
    """``mg.op`` for a test's own ops, which leave the registry afterwards."""
    before = set(registry)
    yield op
    for name in set(registry) - before:
        del registry[name]


@pytest.fixture(params=["cpu", "reference"])
def kernels(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs a test on both of the CPU's kernel modules."""
    with dispatch.use_kernels(request.param):
        yield request.param
