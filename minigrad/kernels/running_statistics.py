"""Batch norm's running statistics, on arrays of a few numbers: NumPy is as quick as a kernel there."""

from __future__ import annotations

import numpy as np

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

    The batch's ``mean`` and biased ``var`` (c,) are of ``count`` > 1 elements each; the running variance
    follows the unbiased one. ``tracked``, an int64 of shape (), counts the batches, and with ``momentum``
    None all have the same weight. TypeError unless the running statistics are float32 or float64, both the
    same, ValueError if shapes do not fit. (Ioffe and Szegedy 2015, algorithm 2.)
    """
    check_running("update_running_stats", running_mean, running_var, tracked, mean, var, count)
    tracked[...] += 1
    rate: float | Array = momentum if momentum is not None else (1 / tracked).astype(running_mean.dtype)
    running_mean[...] += rate * (mean - running_mean)
    running_var[...] += rate * (var * (count / (count - 1)) - running_var)


def check_running(
    name: str, running_mean: Array, running_var: Array, tracked: Array, mean: Array, var: Array, count: int
) -> None:
    """Raise TypeError or ValueError unless these are what update_running_stats takes."""
    dtype = running_mean.dtype
    if dtype not in (np.dtype(np.float32), np.dtype(np.float64)) or running_var.dtype != dtype:
        raise TypeError(
            f"{name}: expected running statistics of one dtype, float32 or float64; got {dtype} and "
            f"{running_var.dtype}"
        )
    if any(a.shape != running_mean.shape for a in (running_var, mean, var)) or tracked.shape:
        raise ValueError(
            f"{name}: expected four arrays of one shape and a count of shape (); got {running_mean.shape}, "
            f"{running_var.shape}, {mean.shape}, {var.shape} and {tracked.shape}"
        )
    if tracked.dtype != np.int64 or count < 2:
        raise ValueError(
            f"{name}: expected an int64 that counts batches, and more than one element for each channel; "
            f"got {tracked.dtype} and {count}"
        )
