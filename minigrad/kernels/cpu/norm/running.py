"""The running statistics of batch norm, moved in one compiled call: channels are few, and calls cost more."""

from __future__ import annotations

from typing import Any

from numba import types

from minigrad.kernels.cpu.runtime.compiling import by_dtype
from minigrad.kernels.running_statistics import check_running
from minigrad.types import Array

__all__ = ["update_running_stats"]


def update_running_stats(
    running_mean: Array,
    running_var: Array,
    tracked: Array,
    mean: Array,
    var: Array,
    momentum: float | None,
    count: int,
) -> None:
    """Move running statistics (c,) towards a batch's, in place: running += momentum (batch - running).

    Arguments and what raises are those of ``running_statistics.update_running_stats``.
    """
    check_running("update_running_stats", running_mean, running_var, tracked, mean, var, count)
    tracked += 1
    dtype, rate = running_mean.dtype, 1 / int(tracked) if momentum is None else float(momentum)
    batch = (a if a.dtype is dtype else a.astype(dtype) for a in (mean, var))
    _move[dtype](*batch, rate, count / (count - 1), running_mean, running_var)


def _kinds(element: Any) -> tuple[Any, ...]:
    channels = types.Array(element, 1, "A")
    return channels, channels, types.float64, types.float64, channels, channels


@by_dtype(_kinds)
def _move(mean: Array, var: Array, rate: float, unbiased: float, moving: Array, moving_var: Array) -> None:
    """moving += rate (mean - moving); moving_var the same for the unbiased var."""
    factor, times = moving.dtype.type(rate), moving.dtype.type(unbiased)
    for c in range(moving.size):
        moving[c] += factor * (mean[c] - moving[c])
        moving_var[c] += factor * (var[c] * times - moving_var[c])
