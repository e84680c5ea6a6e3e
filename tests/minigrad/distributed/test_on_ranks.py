"""The tests' own launcher: what ranks print, how they end, and that none of them is left."""

from __future__ import annotations

import pytest

from tests.ranks import needs_mpi, on_ranks, processes_with

pytestmark = [pytest.mark.mpi, needs_mpi]

ABORTED = """
from minigrad.distributed import world
ranks = world()
print(f"rank {ranks.rank}\\n", end="", flush=True)  # in one piece: the launcher mixes pieces
ranks.all_gather_object(0)
if ranks.rank:
    ranks.abort(3)
ranks.all_gather_object(0)
"""


def test_outputs_and_the_status_of_a_rank_that_ends_all() -> None:
    ended = on_ranks(2, "-c", ABORTED)
    assert ended.returncode == 3
    assert sorted(ended.stdout.splitlines()) == ["rank 0", "rank 1"]


def test_ranks_that_wait_are_ended() -> None:
    code = "from mpi4py import MPI; import time; time.sleep(600)"
    with pytest.raises(pytest.fail.Exception, match="2 ranks took longer than 1 s"):
        on_ranks(2, "-c", code, seconds=1, MINIGRAD_TEST_WAITING="these")
    assert processes_with("MINIGRAD_TEST_WAITING", "these") == []
