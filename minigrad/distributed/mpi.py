"""MPI: ranks that a launcher such as ``mpiexec`` has started, with arrays in the host's memory (mpi4py)."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from minigrad.distributed.communicator import Alone, Communicator
from minigrad.distributed.nccl import NCCL
from minigrad.types import Array

__all__ = ["MPI", "launched", "world"]

LAUNCHERS = ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS")
"""Where Open MPI's mpiexec, MPICH's, and SLURM's srun say how many processes they have started."""

SMALL = 4096
"""Bytes up to which every rank adds for itself: one exchange in place of two, of K times the bytes."""

AWAKE, PAUSE = 1e-4, 2e-5
"""Seconds that a rank looks for the others without a pause, some small exchanges; then between looks."""


class MPI(Communicator):
    """All processes of the launcher, or those of a communicator of mpi4py's.

    Raises ModuleNotFoundError without mpi4py, RuntimeError if MPI does not see the processes of the launcher.
    """

    def __init__(self, communicator: Any = None) -> None:
        try:
            from mpi4py import MPI as mpi
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                "several processes need mpi4py and an MPI: pip install mpi4py mpich", name=error.name
            ) from error
        self._mpi = mpi
        self._ranks = mpi.COMM_WORLD.Dup() if communicator is None else communicator
        super().__init__(self._ranks.rank, self._ranks.size)
        self._rooms: dict[tuple[int, Any], Array] = {}
        if communicator is None and self.size == 1 < launched(os.environ):
            raise RuntimeError(
                f"the launcher has started {launched(os.environ)} processes, and MPI sees one in each: "
                "mpi4py belongs to another MPI than the launcher (for srun, pmi2 or pmix may fit)"
            )

    def all_gather_object(self, value: Any) -> list[Any]:
        values: list[Any] = [value] * self.size if self._home else self._ranks.allgather(value)
        return values

    def abort(self, status: int) -> NoReturn:
        self._ranks.Abort(status)
        os._exit(status)  # an MPI may return from Abort before it has ended this process

    def _all_reduce(self, array: Array) -> None:
        """Each rank adds one part of the arrays, in the order of the ranks, and all collect the parts.

        An MPI's own Allreduce may add in an order that depends on the memory's place.
        """
        if array.nbytes <= SMALL:
            _add(self._all_gather(array), array)
            return
        flat, size = array.reshape(-1), self.size
        parts = [(rank + 1) * array.size // size - rank * array.size // size for rank in range(size)]
        places = [rank * array.size // size for rank in range(size)]
        own = parts[self.rank]
        theirs = self._room(own, array.dtype)
        rows = [own] * size, [own * rank for rank in range(size)]
        self._meet()
        self._ranks.Alltoallv([flat, (parts, places)], [theirs, rows])
        _add(theirs, flat[places[self.rank] : places[self.rank] + own])
        self._ranks.Allgatherv(self._mpi.IN_PLACE, [flat, (parts, places)])

    def _all_gather(self, array: Array) -> Array:
        every = np.empty((self.size, *array.shape), array.dtype)
        if array.nbytes <= SMALL:
            _wait(self._ranks.Iallgather(np.ascontiguousarray(array), every))
        else:
            self._meet()
            self._ranks.Allgather(np.ascontiguousarray(array), every)
        return every

    def _room(self, own: int, dtype: Any) -> Array:
        """Memory for the ranks' parts, (size, own), which is kept: new pages cost as much as the exchange."""
        if (own, dtype) not in self._rooms:
            self._rooms[own, dtype] = np.empty((self.size, own), dtype)
        return self._rooms[own, dtype]

    def _meet(self) -> None:
        """Wait until all ranks are here; a large exchange, which moves only if watched, then waits awake."""
        _wait(self._ranks.Ibarrier())


def _wait(request: Any) -> None:
    """Wait for the other ranks: at first without a pause, then asleep, since they may need this core."""
    end = time.perf_counter() + AWAKE
    while not request.Test():
        if time.perf_counter() > end:
            time.sleep(PAUSE)


def _add(arrays: Array, total: Array) -> None:
    """Write the sum over the first axis, from the first to the last: ``numpy.sum`` adds in pairs."""
    with np.errstate(all="ignore"):  # who asked for the sum looks whether it is finite
        np.add(arrays[0], arrays[1], out=total)
        for array in arrays[2:]:
            total += array


def launched(environment: Mapping[str, str]) -> int:
    """The number of processes that a launcher has started together with this one; 1 without a launcher.

    >>> launched({"PMI_SIZE": "4"}), launched({})
    (4, 1)
    """
    counts = [environment[name] for name in LAUNCHERS if name in environment]
    return max([int(count) for count in counts if count.isdecimal()], default=1)


def world(device: str = "cpu") -> Communicator:
    """The communicator of all processes that a launcher has started with this one, for arrays on ``device``.

    ``Alone`` without a launcher, or if it has started one process. Raises as ``MPI``, and for "cuda" as
    ``NCCL``.
    """
    if launched(os.environ) == 1:
        return Alone()
    return NCCL(MPI()) if device == "cuda" else MPI()
