"""States of modules, optimizers and runs as values that tests compare."""

from __future__ import annotations

from typing import Any

import numpy as np


def flat(state: Any, name: str = "") -> dict[str, Any]:
    """The leaves of a nested state by dotted names; arrays as their bytes, dtype and shape."""
    if isinstance(state, dict):
        return {k: v for key, value in state.items() for k, v in flat(value, f"{name}.{key}").items()}
    if isinstance(state, list | tuple):
        return {k: v for i, value in enumerate(state) for k, v in flat(value, f"{name}.{i}").items()}
    if isinstance(state, np.ndarray):
        return {name: (state.dtype, state.shape, state.tobytes())}
    return {name: state}
