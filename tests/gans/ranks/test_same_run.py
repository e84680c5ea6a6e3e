"""Several ranks train as one process does, but for rounding; the same bits in every repeat."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gans.ranks.trained import CASES_OF_RANKS
from tests.processes import ROOT
from tests.ranks import needs_mpi, on_ranks

pytestmark = [needs_mpi, pytest.mark.mpi]

OTHER_SHARES = {"vid2vid clips": "half of the clips of each rank begin with their real frame"}
"""Systems whose update is not the same for other shares of the batch, and why."""

ALL_ROUNDING = {"relativistic points": 1e-9}
"""Systems in which a gradient is 0 but for rounding, and their bound: Adam divides it by its own size.

Relativistic losses do not change with the last bias of D.
"""


def computed(what: str, ranks: int = 2) -> Any:
    ended = on_ranks(ranks, "-m", "tests.gans.ranks.trained", what, cwd=ROOT, seconds=300)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def every() -> dict[str, float]:
    return dict(computed("every"))


@pytest.fixture(scope="module")
def sizes() -> dict[str, float]:
    return dict(computed("sizes"))


@pytest.mark.parametrize("case", [" ".join(case) for case in CASES_OF_RANKS])
def test_every_system_trains_the_same_on_two_ranks(case: str, every: dict[str, float]) -> None:
    if case in OTHER_SHARES:
        assert every[case] > 1e-9, "take it from the exceptions"
    else:
        assert every[case] < ALL_ROUNDING.get(case, 1e-12)


def test_dcgan_in_float64_is_the_same_for_eight_steps(sizes: dict[str, float]) -> None:
    assert sizes["dcgan float64, 8 steps"] < 1e-12


def test_local_batch_norm_is_another_training(sizes: dict[str, float]) -> None:
    """So that the tests of synchronised batch norm can fail."""
    assert sizes["dcgan float64, local"] > 1e-4


@pytest.mark.parametrize("run", ["dcgan float32, 1 step", "wgan-gp float32, 1 step", "gan float32, 50 steps"])
def test_float32_is_the_same_to_rounding(run: str, sizes: dict[str, float]) -> None:
    assert sizes[run] < 1e-5


@pytest.mark.parametrize("ranks", [2, 4])
def test_all_ranks_have_the_same_bits_in_every_repeat_captured_or_not(ranks: int) -> None:
    found = computed("bits", ranks)
    digests = {digest for way in found.values() for digest in way}
    assert [len(way) for way in found.values()] == [ranks] * 3
    assert len(digests) == 1
