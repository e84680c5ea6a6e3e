"""``cupy.cuda.nccl``: the other ranks send what ``NcclCommunicator.sent`` makes of this rank's array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.gpu.fake_cupy import memory, streams
from tests.gpu.fake_cupy.memory import Host

available = True

NCCL_SUM = 0
NCCL_INT32, NCCL_INT64, NCCL_FLOAT16, NCCL_FLOAT32, NCCL_FLOAT64 = 2, 4, 6, 7, 8
TYPES = {NCCL_INT32: "i4", NCCL_INT64: "i8", NCCL_FLOAT16: "f2", NCCL_FLOAT32: "f4", NCCL_FLOAT64: "f8"}

Sent = Callable[[int, Host], Host]


def get_unique_id() -> tuple[int, ...]:
    return tuple(range(128))


class NcclCommunicator:
    """Arguments that CuPy would refuse, or NCCL would read beyond an array, are errors."""

    sent: Sent = staticmethod(lambda rank, own: own)

    def __init__(self, ndev: int, commId: tuple[int, ...], rank: int) -> None:
        assert len(commId) == 128
        self.ranks, self.rank = ndev, rank

    def allReduce(self, sendbuf: int, recvbuf: int, count: int, datatype: int, op: int, stream: int) -> None:
        assert op == NCCL_SUM
        send, receive = _host(sendbuf, count, datatype), _host(recvbuf, count, datatype)
        self._launch(lambda: np.copyto(receive, sum(self._all(send))), stream, send, receive)

    def allGather(self, sendbuf: int, recvbuf: int, count: int, datatype: int, stream: int) -> None:
        send, receive = _host(sendbuf, count, datatype), _host(recvbuf, count * self.ranks, datatype)
        self._launch(lambda: np.copyto(receive, np.concatenate(self._all(send))), stream, send, receive)

    def _all(self, own: Host) -> list[Host]:
        return [own.copy() if r == self.rank else type(self).sent(r, own.copy()) for r in range(self.ranks)]

    def _launch(self, call: Callable[[], object], stream: int, *operands: Host) -> None:
        assert stream == streams.get_current_stream().ptr
        memory.launch(call, *operands)


def _host(address: int, count: int, datatype: int) -> Any:
    """The memory there, which must be that of one allocation."""
    dtype = np.dtype(TYPES[datatype])
    raw = memory.raw_at(address, count * dtype.itemsize)
    return np.ndarray((count,), dtype, raw, address - raw.ctypes.data)
