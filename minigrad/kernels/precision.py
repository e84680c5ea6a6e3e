"""Whether float32 products on a GPU may round their operands to TF32."""

from __future__ import annotations

import os

from minigrad.blocks import Block, Setting

_allowed = Setting("TF32", os.environ.get("MINIGRAD_ALLOW_TF32") == "1")


def tf32_allowed() -> bool:
    """Whether ``allow_tf32`` is in force here."""
    return _allowed.get()


def allow_tf32(on: bool = True) -> Block[bool]:
    """Within the block, float32 convolutions and matrix products on a GPU use its tensor cores, or do not.

    Operands are rounded to TF32, 10 bits after the point, and sums taken in float32: an error of at most
    about 1e-3 times the sum of the products' sizes. It is off at first, so that float32 means what it says,
    unless the environment has MINIGRAD_ALLOW_TF32=1. float64, other ops and the CPU do not change. A thread
    or asynchronous task sees its own blocks alone. (PyTorch: ``torch.backends.cuda.matmul.allow_tf32``.)

    >>> from minigrad.kernels.precision import allow_tf32, tf32_allowed
    >>> with allow_tf32():
    ...     tf32_allowed()
    True
    """
    return _allowed.changed(lambda _: on)
