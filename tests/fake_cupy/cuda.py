"""``cupy.cuda.runtime``, as far as minigrad asks."""

from __future__ import annotations


class runtime:
    class CUDARuntimeError(RuntimeError):
        pass

    devices = 1

    @classmethod
    def getDeviceCount(cls) -> int:
        return cls.devices
