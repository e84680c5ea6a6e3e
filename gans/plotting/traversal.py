"""Samples while one axis of z changes and all others stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gans import plots
from gans.errors import UserError
from gans.plotting.picture import Picture
from gans.plotting.trained import Trained

__all__ = ["traversal"]

SHOWN = 8
"""The axes that are drawn unless said."""

DRAWN = 2_000
"""The z whose quantiles are the ends of an axis."""


def traversal(
    trained: Trained,
    *,
    n: int | None = None,
    seed: int = 0,
    frames: int = 9,
    axes: Sequence[int] | None = None,
) -> Picture:
    """A row for each axis of z: samples of one z, in which the axis goes through the middle 95% of its prior.

    Every axis is measured; ``n`` (8) of them are drawn, those whose ends differ most, or the given ``axes``.
    The difference is the root of the mean square over pixels in [-1, 1], or a point's coordinates. InfoGAN's
    codes are the first axes. ``numbers``: ``z`` (latent,), ``axes``, ``values`` (axes, frames), ``samples``
    (axes, frames, ...), and ``changes`` (latent,) of all axes.
    """
    if frames < 2:
        raise UserError(f"`frames` must be at least 2, got {frames}")
    rng = trained.rng(seed)
    z, drawn = trained.latents(1, rng)[0], trained.latents(DRAWN, rng)
    ends = np.quantile(drawn, [0.025, 0.975], axis=0).T
    count = len(z)
    changes = _changes(trained, z, ends)
    chosen = _chosen(axes, SHOWN if n is None else n, changes)
    low, high = ends[chosen].T
    values = np.linspace(low, high, frames, axis=1)
    moved = np.broadcast_to(z, (len(chosen), frames, count)).copy()
    moved[np.arange(len(chosen))[:, None], np.arange(frames), chosen[:, None]] = values
    samples = _samples(trained, moved.reshape(-1, count)).reshape(len(chosen), frames, *_shape(trained))
    title = trained.title(f"axes of z, {len(chosen)} of {count}")
    names = [f"z[{axis}]: {changes[axis]:.3f}" for axis in chosen]
    if trained.system.spec.is_image:
        above = ["2.5%", *[""] * (frames - 2), "97.5%"]
        content = plots.captioned_rows(samples, title, above=above, beside=names)
    else:
        words = "the middle 95% of each axis; circle: its low end, square: its high one"
        content = plots.paths(samples, trained.real_points(), title, names, words)
    numbers = {"z": z, "axes": chosen, "values": values, "samples": samples, "changes": changes}
    return Picture("traversal", content, numbers)


def _changes(trained: Trained, z: NDArray[Any], ends: NDArray[Any]) -> NDArray[np.float64]:
    """How much the samples at both ends of each axis differ, (latent,)."""
    count = len(z)
    moved = np.broadcast_to(z, (count, 2, count)).copy()
    moved[np.arange(count), :, np.arange(count)] = ends
    both = _samples(trained, moved.reshape(-1, count)).reshape(count, 2, -1).astype(np.float64)
    changes: NDArray[np.float64] = np.sqrt(np.mean((both[:, 1] - both[:, 0]) ** 2, axis=1))
    return changes


def _chosen(axes: Sequence[int] | None, n: int, changes: NDArray[np.float64]) -> NDArray[np.int64]:
    if axes is None:
        return np.argsort(-changes, kind="stable")[:n].astype(np.int64)
    chosen = np.asarray(list(axes), dtype=np.int64)
    if not len(chosen) or chosen.min() < 0 or chosen.max() >= len(changes):
        raise UserError(f"`axes` must be numbers from 0 to {len(changes) - 1}, got {list(axes)}")
    return chosen


def _samples(trained: Trained, z: NDArray[Any]) -> NDArray[np.float32]:
    """Samples, all of the first class where there are classes."""
    return trained.images_of(z, None if trained.cycled(1) is None else np.zeros(len(z), np.int64))


def _shape(trained: Trained) -> tuple[int, ...]:
    return trained.system.spec.shape
