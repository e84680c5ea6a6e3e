"""The kernel distance of two sets of features: the squared maximum mean discrepancy, without bias."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from gans.metrics.checks import Float64Array, as_pair
from gans.metrics.distances import BLOCK_ELEMENTS

__all__ = ["kernel_distance"]

DEGREE = 3


def kernel_distance(x: ArrayLike, y: ArrayLike) -> float:
    """The squared maximum mean discrepancy of features x (n, d) and y (m, d); 0 is best.

        sum_(i != j) k(x_i, x_j) / n (n - 1) + sum_(i != j) k(y_i, y_j) / m (m - 1) - 2 mean_ij k(x_i, y_j)

    with k(a, b) = (a.b / d + 1)^3. Its mean does not depend on n and m, as that of a Frechet distance does,
    and it may be a little below 0. Binkowski et al. 2018 (KID), section 4; the estimate without bias is that
    of Gretton et al. 2012, equation 3.

    >>> x = np.random.default_rng(0).standard_normal((500, 2))
    >>> kernel_distance(x[:250], x[250:]) < 0.1 < kernel_distance(x[:250], x[250:] + 1)
    True

    Raises ValueError if the dimensions differ, or a set has fewer than 2 rows.
    """
    a, b = (values.astype(np.float64) for values in as_pair(x, y, ("x", "y"), at_least=2))
    return _within(a) + _within(b) - 2 * _sum(a, b) / (len(a) * len(b))


def _within(x: Float64Array) -> float:
    """Mean of k over the pairs of different rows."""
    n = len(x)
    own = (np.einsum("nd,nd->n", x, x) / x.shape[1] + 1) ** DEGREE
    return (_sum(x, x) - float(own.sum())) / (n * (n - 1))


def _sum(x: Float64Array, y: Float64Array) -> float:
    """Sum of k over all pairs."""
    return sum(float(((rows @ y.T / x.shape[1] + 1) ** DEGREE).sum()) for rows in _blocks(x, len(y)))


def _blocks(x: Float64Array, beside: int) -> Iterator[Float64Array]:
    step = max(1, BLOCK_ELEMENTS // beside)
    return (x[start : start + step] for start in range(0, len(x), step))
