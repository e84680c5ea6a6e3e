"""A state to save, and whether one that was loaded is the same."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

STATE: dict[str, Any] = {
    "step": 12,
    "model": {"0.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "0.bias": np.zeros(2)},
    "history": [1.5, None, True, "text", {"x": np.array(3)}],
    "betas": (0.5, 0.999),
    "rng": 2**127 + 1,
    "best": math.inf,
}


def same(a: Any, b: Any) -> bool:
    """Whether ``a``, loaded, is ``b`` in value, type, native dtype, shape and order of keys; NaN is NaN."""
    if isinstance(a, np.ndarray | np.generic):
        if type(a) is not type(b) or a.shape != b.shape or a.dtype != b.dtype.newbyteorder("="):
            return False
        return bool(a.tobytes() == b.astype(a.dtype).tobytes())
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return a == b or (a != a and b != b)
