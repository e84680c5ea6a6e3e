"""Euclidean distances between two large sets: fast through matrix products, exact where exactness decides.

    |x - y|^2 = |x|^2 + |y|^2 - 2 x.y

The product form is fast but loses digits when x is close to y: it may be negative, and it is rarely zero for
equal points. So it only proposes neighbours; each returned distance is computed again as sum((x - y)^2)
in double precision.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from gans.metrics.checks import Float64Array, FloatArray, IntArray, as_pair

BLOCK_ELEMENTS = 1 << 22
"""Distances held at once (16 MiB in float32): memory does not grow with n * m."""

SPARE_CANDIDATES = 16
"""Neighbours proposed beyond k, so that rounding in the product form does not change which are nearest."""


def squared_differences(x: FloatArray, y: FloatArray) -> Float64Array:
    """sum((x_i - y_i)^2) row by row in double precision; x, y (n, d) -> (n,). Exactly zero for equal rows."""
    result = np.empty(len(x), dtype=np.float64)
    step = max(1, BLOCK_ELEMENTS // x.shape[1])
    for start in range(0, len(x), step):
        rows = slice(start, start + step)
        difference = x[rows].astype(np.float64) - y[rows]
        result[rows] = np.square(difference, out=difference).sum(axis=1)
    return result


def squared_distance_blocks(x: FloatArray, y: FloatArray) -> Iterator[tuple[slice, FloatArray, Float64Array]]:
    """Squared distances from blocks of x (n, d) to all of y (m, d) by the product form.

    Yields (rows, block, error): ``block`` (len(rows), m) is never negative and lies within ``error``
    (len(rows), 1) of the exact squared distances. Both sets are moved to y's mean first, which makes the
    error small.
    """
    dtype = np.result_type(x, y)
    centre = y.mean(axis=0, dtype=np.float64)
    moved_y = (y - centre).astype(dtype)
    norms_y = np.einsum("md,md->m", moved_y, moved_y)
    # a dot product of d terms is off by at most d eps |x||y| (Higham 2002, eq. 3.5); the sum adds a few eps
    unit = 2.0 * (x.shape[1] + 8) * float(np.finfo(dtype).eps)
    step = max(1, BLOCK_ELEMENTS // len(y))
    for start in range(0, len(x), step):
        rows = slice(start, min(start + step, len(x)))
        moved_x = (x[rows] - centre).astype(dtype)
        norms_x = np.einsum("nd,nd->n", moved_x, moved_x)[:, None]
        block = moved_x @ moved_y.T  # (rows, d) @ (d, m) -> (rows, m)
        block *= -2
        block += norms_x
        block += norms_y
        np.maximum(block, 0, out=block)
        yield rows, block, unit * (norms_x.astype(np.float64) + float(norms_y.max()))


def nearest(
    queries: ArrayLike, points: ArrayLike, k: int = 1, *, same_set: bool = False
) -> tuple[Float64Array, IntArray]:
    """The k nearest points of each query: squared distances (n, k), ascending, and their indices (n, k).

    queries (n, d), points (m, d). With ``same_set`` query i is point i and is not its own neighbour; an exact
    duplicate of it is, at distance 0. Ties are broken by the smaller index among the proposed candidates.
    Raises ValueError if there are fewer than k candidates.
    """
    x, y = as_pair(queries, points, ("queries", "points"))
    available = len(y) - 1 if same_set else len(y)
    if not 1 <= k <= available:
        raise ValueError(f"k = {k} neighbours among {available} points; k must be between 1 and {available}")
    if same_set and len(x) != len(y):
        raise ValueError(f"same_set needs equal sets, got {len(x)} queries and {len(y)} points")
    proposed = min(k + SPARE_CANDIDATES, available)
    distances = np.empty((len(x), k), dtype=np.float64)
    indices = np.empty((len(x), k), dtype=np.int64)
    for rows, block, _ in squared_distance_blocks(x, y):
        if same_set:
            block[np.arange(len(block)), np.arange(rows.start, rows.stop)] = np.inf
        candidates = np.sort(np.argpartition(block, proposed - 1, axis=1)[:, :proposed], axis=1)
        exact = squared_differences(np.repeat(x[rows], proposed, axis=0), y[candidates.ravel()])
        exact = exact.reshape(candidates.shape)
        order = np.argsort(exact, axis=1, kind="stable")[:, :k]
        distances[rows] = np.take_along_axis(exact, order, axis=1)
        indices[rows] = np.take_along_axis(candidates, order, axis=1)
    return distances, indices


def ball_hits(
    centres: FloatArray, squared_radii: Float64Array, queries: FloatArray
) -> tuple[IntArray, IntArray]:
    """How many closed balls |q - c_i|^2 <= r_i^2 hold each query, and how many queries lie in each ball.

    centres (n, d), squared_radii (n,), queries (m, d) -> counts (m,), (n,). Pairs too close to a sphere for
    the product form to decide are measured again exactly.
    """
    holding = np.zeros(len(queries), dtype=np.int64)
    held = np.zeros(len(centres), dtype=np.int64)
    for rows, block, error in squared_distance_blocks(centres, queries):
        radii = squared_radii[rows, None]
        inside = block <= radii
        i, j = np.nonzero(np.abs(block - radii) <= error)
        inside[i, j] = squared_differences(centres[rows][i], queries[j]) <= radii[i, 0]
        holding += inside.sum(axis=0)
        held[rows] = inside.sum(axis=1)
    return holding, held
