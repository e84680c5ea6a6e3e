"""The types that annotations of all layers share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
"""An array of NumPy's or, on a GPU, of CuPy's, which has no type of its own here."""

Both = tuple[Array, Array]
"""The two results of a kernel."""

Gradients = Array | Sequence[Array]
"""A parameter's gradient: one array, or those of the parameters that lie one behind another in it."""

Pair = tuple[int, int]
"""A number along the height and one along the width."""
