"""Several ranks compute what one process does with the whole batch, and the same bits in every repeat."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.minigrad.distributed import checks
from tests.minigrad.distributed.threads import in_threads
from tests.ranks import needs_mpi, on_ranks

Found = list[dict[str, Any]]
LOCAL = 1e-3  # statistics of a rank's own rows are further from the whole batch's than this


@cache
def by_mpi(count: int) -> dict[str, Found]:
    """What each check found on each of ``count`` processes."""
    result = on_ranks(count, Path(checks.__file__), seconds=300)
    assert result.returncode == 0, result.stderr
    found: dict[str, Found] = json.loads(result.stdout)
    return found


PROCESSES = [
    pytest.param(("mpi", 2), id="2 processes", marks=[pytest.mark.mpi, needs_mpi]),
    pytest.param(("mpi", 4), id="4 processes", marks=[pytest.mark.mpi, needs_mpi]),
]


@pytest.fixture(params=[pytest.param(("threads", 3), id="3 threads"), *PROCESSES])
def found(request: pytest.FixtureRequest) -> Callable[[str], Found]:
    """What a check found on each rank."""
    kind, count = request.param
    if kind == "threads":
        return lambda name: in_threads(count, getattr(checks, name))
    return lambda name: by_mpi(count)[name]


@pytest.fixture(params=PROCESSES)
def replayed(request: pytest.FixtureRequest) -> Callable[[str], Found]:
    """What a check of captured steps found on each rank; threads cannot replay, which holds a lock."""
    return lambda name: by_mpi(request.param[1])[name]


def test_exchanges_are_in_the_order_of_the_ranks(found: Callable[[str], Found]) -> None:
    assert all(rank["right"] for rank in found("exchanges"))


@pytest.mark.parametrize("name", ["all_reduce", "all_gather"])
def test_sums_and_rows_of_all_ranks_to_third_order(found: Callable[[str], Found], name: str) -> None:
    for differences in found(name):
        assert max(differences.values()) < 1e-12, differences


def test_batch_norm_is_that_of_the_whole_batch_to_second_order(found: Callable[[str], Found]) -> None:
    for rank in found("batch_norm"):
        for way, differences in rank.items():
            if way.startswith("alone"):
                assert min(differences[name] for name in ("y", "gx", "gw", "ggx")) > LOCAL, way
            else:
                worst = 1e-6 if way.endswith("float32") else 1e-13
                second = 20 if way.endswith("float32") else 1  # sums of sums
                assert max(differences[name] for name in checks.NORM[:4]) < worst, (way, differences)
                assert max(differences.values()) < second * worst, (way, differences)


def test_shares_of_other_sizes_are_refused_on_every_rank(found: Callable[[str], Found]) -> None:
    ranks = found("unequal")
    elements = list(range(2, 2 + len(ranks)))
    for rank in ranks:
        assert f"the ranks have {elements} elements of each channel; give each rank a share" in rank["said"]


def test_a_synchronised_network_is_that_of_the_whole_batch(found: Callable[[str], Found]) -> None:
    ranks = found("module")
    for rank in ranks:
        assert rank["gradients"] < 1e-13
        assert rank["statistics"] < 1e-13
        assert rank["alone"] > LOCAL
    assert len({rank["digest"] for rank in ranks}) == 1


def test_a_batch_of_two_halves_has_the_groups_of_the_whole(found: Callable[[str], Found]) -> None:
    for rank in found("halves"):
        assert rank["apart"] < 1e-13


def test_trainings_have_the_same_bits_on_all_ranks_again_and_captured(
    replayed: Callable[[str], Found],
) -> None:
    digests = {digest for rank in replayed("steps") for digest in rank.values()}
    assert len(digests) == 1


def test_means_of_the_same_shapes_have_memory_of_their_own(replayed: Callable[[str], Found]) -> None:
    for rank in replayed("means"):
        assert rank == {"op by op": True, "captured": True, "replays": 2}


def test_a_rank_at_home_waits_for_none(replayed: Callable[[str], Found]) -> None:
    first, *others = replayed("home")
    assert first["difference"] < 1e-13
    for rank in (first, *others):
        assert rank["the same after"]
    assert (first["replays"], {rank["replays"] for rank in others}) == (3, {2})


def test_a_captured_step_is_recorded_anew_when_its_layers_are_synchronised(
    replayed: Callable[[str], Found],
) -> None:
    for rank in replayed("anew"):
        assert rank["differs"] > LOCAL
        assert rank["undone"]
