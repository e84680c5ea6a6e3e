"""NumPy's products without NumPy's warnings: all other kernels are silent about infinities and NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.types import Array


def product(x: Array, y: Array, out: Array | None = None) -> Any:
    """numpy.matmul(x, y, out).

    The BLAS below NumPy fills a vector register with what lies beside a short row. Such a lane may raise the
    flag of an invalid operation although it reaches no number of the result, and NumPy then warns.
    """
    with np.errstate(all="ignore"):
        return np.matmul(x, y, out)
