"""Checks of the metrics' inputs, with one clear sentence for each fault."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray: TypeAlias = NDArray[Any]
Float64Array: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]


def as_points(values: ArrayLike, name: str, *, at_least: int = 1) -> FloatArray:
    """``values`` as an (n, d) array of floats: float32 stays float32, everything else becomes float64.

    Raises ValueError if it is not two-dimensional, has fewer than ``at_least`` rows, no columns, or a value
    that is not finite.
    """
    points = np.asarray(values)
    if points.dtype != np.float32:
        points = points.astype(np.float64)
    if points.ndim != 2 or points.shape[1] == 0:
        raise ValueError(f"{name} must have shape (n, d) with d >= 1, got {points.shape}")
    if len(points) < at_least:
        raise ValueError(f"{name} has {len(points)} samples; at least {at_least} are needed")
    bad = ~np.isfinite(points).all(axis=1)
    if bad.any():
        raise ValueError(
            f"{name} has {int(bad.sum())} rows with NaN or infinity, the first is row {int(bad.argmax())}"
        )
    return points


def as_pair(
    x: ArrayLike, y: ArrayLike, names: tuple[str, str], *, at_least: int = 1
) -> tuple[FloatArray, FloatArray]:
    """Both as points of the same dimension; ValueError otherwise."""
    first, second = as_points(x, names[0], at_least=at_least), as_points(y, names[1], at_least=at_least)
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"{names[0]} has {first.shape[1]} columns, {names[1]} has {second.shape[1]}; they must be equal"
        )
    return first, second


def as_numbers(values: ArrayLike, name: str, *, at_least: int = 1) -> Float64Array:
    """``values`` as n float64 numbers; (n, 1) is flattened.

    Raises ValueError for other shapes, NaN or infinity.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim == 2 and numbers.shape[1] == 1:
        numbers = numbers[:, 0]
    if numbers.ndim != 1:
        raise ValueError(f"{name} must have shape (n,) or (n, 1), got {numbers.shape}")
    if len(numbers) < at_least:
        raise ValueError(f"{name} has {len(numbers)} values; at least {at_least} are needed")
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name} contains NaN or infinity")
    return numbers


def as_labels(values: ArrayLike, name: str, *, count: int | None = None) -> IntArray:
    """``values`` as class numbers >= 0, (n,); ValueError for another shape, dtype or sign, or number."""
    labels = np.asarray(values)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"{name} must be integers of shape (n,), got {labels.dtype} of shape {labels.shape}")
    if count is not None and len(labels) != count:
        raise ValueError(f"{name} has {len(labels)} entries for {count} samples")
    if len(labels) == 0:
        raise ValueError(f"{name} is empty")
    if labels.min() < 0:
        raise ValueError(f"{name} contains the negative class {int(labels.min())}")
    return labels.astype(np.int64)
