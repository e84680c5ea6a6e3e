"""NCCL: the arrays of one GPU for each rank, within a CUDA graph too; all else goes through the host."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

from minigrad.arrays import on_gpu
from minigrad.devices import xp_on
from minigrad.distributed.communicator import Communicator
from minigrad.types import Array

__all__ = ["NCCL"]

TYPES = {"f": "NCCL_FLOAT32", "d": "NCCL_FLOAT64", "e": "NCCL_FLOAT16", "i": "NCCL_INT32", "l": "NCCL_INT64"}
"""NCCL's names by NumPy's characters."""


class NCCL(Communicator):
    """The ranks of ``host``, each of which computes on one GPU of its machine: the first rank on the first.

    CuPy's arrays are exchanged in the order of the current stream, and the host waits for nothing; NumPy's
    arrays and objects go through ``host``. NCCL chooses the order of a sum, which is the same on all ranks.

    Raises RuntimeError on all ranks if one of them has no GPU of its own, no CuPy or no NCCL.
    """

    def __init__(self, host: Communicator) -> None:
        super().__init__(host.rank, host.size)
        self._host = host
        place = place_of(host.rank, host.all_gather_object(_seen()))
        self._cuda = xp_on("cuda").cuda
        self._cuda.Device(place).use()
        nccl = self._cuda.nccl
        key = host.all_gather_object(nccl.get_unique_id() if host.rank == 0 else None)[0]
        self._nccl = nccl.NcclCommunicator(host.size, key, host.rank)

    def all_gather_object(self, value: Any) -> list[Any]:
        return super().all_gather_object(value) if self._home else self._host.all_gather_object(value)

    def abort(self, status: int) -> NoReturn:
        self._host.abort(status)

    def _all_reduce(self, array: Array) -> None:
        if not on_gpu(array):
            self._host.all_reduce(array)
            return
        nccl, place = self._cuda.nccl, _address(array)
        self._nccl.allReduce(place, place, array.size, self._type_of(array), nccl.NCCL_SUM, self._stream())

    def _all_gather(self, array: Array) -> Array:
        if not on_gpu(array):
            return self._host.all_gather(array)
        own = array if array.flags.c_contiguous else array.copy(order="C")
        every: Array = xp_on("cuda").empty((self.size, *array.shape), array.dtype)
        places = _address(own), _address(every)
        self._nccl.allGather(*places, own.size, self._type_of(own), self._stream())
        return every

    def _type_of(self, array: Array) -> int:
        name = TYPES.get(array.dtype.char)
        if name is None:
            raise TypeError(f"{self!r}: expected floats, int32 or int64, got {array.dtype}")
        number: int = getattr(self._cuda.nccl, name)
        return number

    def _stream(self) -> int:
        stream: int = self._cuda.get_current_stream().ptr
        return stream


class Seen(NamedTuple):
    """What a rank sees: its machine, the number and names of its GPUs, and what it lacks."""

    machine: str
    gpus: int
    visible: str = ""
    lacks: str = ""


def place_of(rank: int, ranks: Sequence[Seen]) -> int:
    """The rank's GPU among those that it sees, if every rank has one of its own; else RuntimeError.

    A machine's ranks take its GPUs in turn. Where the launcher shows each of them another GPU, it takes that.

    >>> place_of(1, [Seen("a", 2), Seen("a", 2)]), place_of(1, [Seen("a", 1, "0"), Seen("a", 1, "1")])
    (1, 0)
    """
    for number, seen in enumerate(ranks):
        if seen.lacks:
            raise RuntimeError(f"rank {number} on {seen.machine}: {seen.lacks}")
        together = [other for other in ranks if other.machine == seen.machine]
        apart = len({other.visible for other in together}) == len(together)
        if seen.gpus < 1 or (seen.gpus < len(together) and not apart):
            raise RuntimeError(
                f"{seen.machine} has {len(together)} ranks and {seen.gpus} GPUs, and each rank needs one of "
                f"its own: start {max(seen.gpus, 1)} there"
            )
    own = ranks[rank]
    numbers = [number for number, other in enumerate(ranks) if other.machine == own.machine]
    return numbers.index(rank) if own.gpus >= len(numbers) else 0


def _seen() -> Seen:
    """What this process sees; what it lacks is a text, which the other ranks get instead of waiting."""
    machine = platform.node()
    try:
        cuda = xp_on("cuda").cuda
        lacks = "" if cuda.nccl.available else "CuPy finds no NCCL; pip install nvidia-nccl-cu12 (cu13)"
        gpus = cuda.runtime.getDeviceCount()
    except (ModuleNotFoundError, RuntimeError) as error:
        return Seen(machine, 0, lacks=str(error))
    return Seen(machine, gpus, os.environ.get("CUDA_VISIBLE_DEVICES", ""), lacks)


def _address(array: Any) -> int:
    address: int = array.data.ptr
    return address
